import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertProxy, type ProxyFields } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import { lockRegistry } from '@proxywatch/core/drivers/dcdb/proxies/registry-revision';
import { z } from 'zod';
import { type Answer, created } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { dryRun, identifier, queryFlag } from '#api/fields';
import { route } from '#api/route';
import { requireCredentialUse } from './credential-use.ts';
import { requireFreeAddress, requireNamespace, requireTarget, reread } from './find-proxy.ts';
import { unknownKind } from './probe-problems.ts';
import { probeProxy } from './probe-proxy.ts';
import { PROXY_DEFAULTS, probedProxyAnswer, proxyFields } from './proxy-fields.ts';
import { proxyResource, registrationOf } from './proxy-resource.ts';
import { publishChange } from './publish-change.ts';

const { namespace, adminHost, adminPort, statsCredentialRef, ...optionalFields } = proxyFields;

export const newProxy = z.strictObject({
  id: identifier(),
  kind: identifier().default('proxysql'),
  namespace,
  adminHost,
  adminPort,
  statsCredentialRef,
  ...z.object(optionalFields).partial().shape,
});
export type NewProxyBody = z.output<typeof newProxy>;

export const probeQuery = z.strictObject({
  dryRun: dryRun(),
  probe: queryFlag().optional().meta({ description: 'false: the proxy is not tried out first' }),
});

export const createProxy = route({
  module: 'proxies',
  method: 'POST',
  path: '/v1/proxies',
  operationId: 'createProxy',
  summary: 'Registers a proxy',
  description:
    'The proxy is tried out first: connected to with the credential for collecting, and with the one for changes if there ' +
    'is one; the answer tells what was found. With `probe=false` it is registered unseen. From then on gateways and ' +
    'scanner collect from it. It is only watched until `managed` is set.',
  role: 'operator',
  query: probeQuery,
  body: newProxy,
  example: {
    id: 'shop-1',
    kind: 'proxysql',
    namespace: 'shop',
    adminHost: '10.0.3.17',
    adminPort: 6032,
    trafficHost: '10.0.3.17',
    trafficPort: 6033,
    statsCredentialRef: 'shop-stats',
    adminCredentialRef: 'shop-admin',
    region: 'eu-central-1',
    zone: 'eu-central-1a',
    labels: { tier: '1' },
  },
  answers: {
    201: { description: 'the proxy, and what was found', schema: probedProxyAnswer },
    200: { description: 'dry run: what it would be', schema: probedProxyAnswer },
    409: { description: 'there is a proxy of that id, or one at that admin address' },
    422: { description: 'the proxy could not be tried out, or there is no such namespace or kind' },
  },
  async handle(deps, request) {
    return publishChange(
      deps,
      request,
      await registerProxy(deps, request, request.body, request.query.probe !== false),
    );
  },
});

type Registering = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller'>;

/** Whoever calls publishes the registry afterwards. */
export async function registerProxy(
  deps: ApiDeps,
  request: Registering,
  { id, kind, ...given }: NewProxyBody,
  isTried: boolean,
): Promise<Answer> {
  const { signal } = request;
  requireTarget(request.caller, given.namespace);
  if (!deps.drivers.has(kind)) throw unknownKind();
  const { managed, region, zone, labels, ...addresses } = { ...PROXY_DEFAULTS, ...given };
  const registration = registrationOf({ id, kind, ...addresses });
  const fields: ProxyFields = { registration, managed, region, zone, labels, state: isTried ? 'online' : 'registered' };
  requireChangeable(fields);
  await requireCredentialUse(deps.db, request.caller, registration, {}, signal);
  const probe = isTried ? await probeProxy(deps, registration, signal) : null;
  return request.change(async (tx, audit) => {
    await lockRegistry(tx, signal);
    await requireNamespace(tx, registration.namespace, signal);
    await requireFreeAddress(tx, registration, request);
    await insertProxy(tx, fields, signal);
    const after = proxyResource(await reread(tx, id, signal));
    audit({ action: 'create', resourceType: 'proxy', resourceId: id, namespace: after.namespace, after });
    return created(`/v1/proxies/${encodeURIComponent(id)}`, { ...after, probe });
  });
}

/** Nobody changes a proxy without a credential that may. */
export function requireChangeable({ managed, registration }: Pick<ProxyFields, 'managed' | 'registration'>): void {
  if (!managed || registration.adminCredentialRef !== undefined) return;
  const message = 'a proxy that is managed needs a credential that may change it';
  throw new ProxywatchError('UNPROCESSABLE', message, { problems: [{ pointer: '/adminCredentialRef', message }] });
}
