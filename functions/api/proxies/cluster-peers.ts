import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ClusterPeer } from '@proxywatch/core/domain/proxy-state';
import { fetchProxiesAt, type ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { z } from 'zod';
import { withAdminSession } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { identifierParams } from '#api/fields';
import { route } from '#api/route';
import { type NewProxyBody, newProxy } from './create-proxy.ts';
import { findProxy } from './find-proxy.ts';
import { flat } from './proxy-resource.ts';

const TIMEOUT_MS = 8_000;

const peersAnswer = z.strictObject({
  proxy: z.string(),
  peers: z.array(
    z.strictObject({
      host: z.string(),
      port: z.int(),
      answering: z.boolean(),
      registered: z.boolean(),
      id: z
        .string()
        .nullable()
        .meta({ description: 'null: not registered, or in a namespace that the caller may not see' }),
      registration: newProxy.nullable().meta({ description: 'a body to register it with; null: it is registered' }),
    }),
  ),
});
type Peer = z.infer<typeof peersAnswer>['peers'][number];

export const listProxyPeers = route({
  module: 'proxies',
  method: 'GET',
  path: '/v1/proxies/{id}/peers',
  operationId: 'listProxyPeers',
  summary: 'The other proxies of the cluster of a proxy',
  description:
    'The proxy is asked now. For each peer that is not registered the answer has a body for `POST /v1/proxies`, made after ' +
    'the registration of the proxy that was asked.',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: { description: 'the peers; none: it stands alone', schema: peersAnswer },
    404: { description: 'there is no such proxy, or none that the caller may see' },
    409: { description: 'the proxy cannot be asked, or does not let its credentials see its cluster' },
  },
  async handle(deps, request) {
    const { signal, caller } = request;
    const record = await findProxy(deps.db, request.params.id, 'viewer', request);
    const peers = await fetchPeers(deps, record.registration, signal);
    const known = await fetchProxiesAt(deps.db, peers, signal);
    const told = peers.map((peer): Peer => {
      const { host, port, isAnswering: answering } = peer;
      const found = known.find(({ registration }) => isAt(registration, peer))?.registration;
      if (found === undefined) {
        return { host, port, answering, registered: false, id: null, registration: bodyOf(record, peer) };
      }
      const id = caller.roleIn(found.namespace) === undefined ? null : found.id;
      return { host, port, answering, registered: true, id, registration: null };
    });
    return ok({ proxy: record.registration.id, peers: told });
  },
});

async function fetchPeers(deps: ApiDeps, proxy: RegisteredProxy, signal: AbortSignal): Promise<readonly ClusterPeer[]> {
  if (proxy.adminCredentialRef !== undefined) {
    return withAdminSession(deps, proxy, { timeoutMs: TIMEOUT_MS, signal }, async (session, _, limit) => {
      return (await session.fetchFacts(limit)).clusterPeers;
    });
  }
  const driver = deps.drivers.get(proxy.kind);
  if (driver === undefined) throw new ProxywatchError('PROXY_UNSUPPORTED', `${proxy.id} is of an unknown kind`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const credential = await deps.credentials.fetchCredential(proxy.statsCredentialRef, limit);
  const session = await driver.connect(proxy, credential, { timeoutMs: TIMEOUT_MS, signal: limit });
  try {
    const { clusterPeers } = await session.fetchState(limit);
    if (clusterPeers !== undefined) return clusterPeers;
    throw new ProxywatchError(
      'CONFLICT',
      'the credential for collecting does not see the cluster, and there is no other',
    );
  } finally {
    await session.close();
  }
}

function bodyOf({ registration, region, labels }: ProxyRecord, { host, port }: ClusterPeer): NewProxyBody {
  const { kind, namespace, adminTls, trafficPort, statsCredentialRef, adminCredentialRef } = flat(registration);
  const id = `${host}:${port}`.replace(/^[^A-Za-z0-9]+/, '').slice(0, 128);
  return {
    id,
    kind,
    namespace,
    adminHost: host,
    adminPort: port,
    adminTls,
    trafficHost: host,
    trafficPort,
    statsCredentialRef,
    adminCredentialRef,
    region,
    labels: { ...labels },
  };
}

function isAt({ adminHost, adminPort }: RegisteredProxy, { host, port }: ClusterPeer): boolean {
  return adminPort === port && adminHost.toLowerCase() === host.toLowerCase();
}
