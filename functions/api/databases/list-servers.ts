import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { BackendStatus } from '@proxywatch/core/domain/proxy-status';
import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import { REGISTRATION_COLUMNS, registrationOf } from '@proxywatch/core/drivers/dcdb/registration-row';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import { z } from 'zod';
import { forEachProxy } from '#api/admin-session';
import type { ApiDeps } from '#api/api-deps';
import { identifier, instant, queryFlag } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery } from '#api/list';
import { route } from '#api/route';
import { fetchLiveBackends } from './live-backends.ts';

/** Each takes a connection, and some seconds if its proxy does not answer. */
const MOST_LIVE = 50;

export const serversList: ListSpec = {
  name: 'database-servers',
  fields: { proxy: { column: 'proxies.id', type: 'string' } },
  defaultSort: 'proxy',
  key: { field: 'proxy', column: 'proxies.id' },
};

const server = z.strictObject({
  hostgroup: z.string(),
  host: z.string(),
  port: z.int(),
  status: z.string().meta({ description: 'ONLINE, SHUNNED, OFFLINE_SOFT, … as the proxy says it' }),
  lagSeconds: z.number().nullable().meta({ description: 'replication lag, where the proxy measured it' }),
  connectionsUsed: z.number(),
  connectionsFree: z.number(),
  connectionsFailed: z.number(),
  queries: z.number(),
  latencyMs: z.number().meta({ description: 'of the last ping' }),
});

const proxyServers = z.strictObject({
  proxy: z.string(),
  source: z.enum(['status', 'live']),
  observedAt: instant().nullable().meta({ description: 'null: nothing is known of it lately' }),
  reachable: z.boolean(),
  problem: z.string().nullable().meta({ description: 'code of what kept it from being read' }),
  servers: z.array(server),
});
type ProxyServers = z.infer<typeof proxyServers>;

export const listServers = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/servers',
  operationId: 'listDatabaseServers',
  summary: 'How each proxy of a namespace finds its servers',
  description:
    `By the latest status that the scanner brought; with \`live=true\` (at most ${MOST_LIVE} proxies a page) the proxies ` +
    'are asked now. Does not need the database configuration service.',
  role: 'viewer',
  query: listQuery(serversList, { namespace: identifier(), live: queryFlag().optional() }),
  answers: {
    200: { description: 'a page of proxies', schema: listAnswer(proxyServers) },
    404: { description: 'there is no such namespace that the caller may see' },
  },
  handle(deps, request) {
    const { query, caller, signal } = request;
    requireRole(caller, 'viewer', query.namespace, `namespace ${query.namespace}`);
    if (query.live === true && query.limit > MOST_LIVE) {
      throw new ProxywatchError('REQUEST_INVALID', 'too many proxies at once', {
        problems: [{ pointer: '?limit', message: `expected at most ${MOST_LIVE} with live=true` }],
      });
    }
    const proxies = deps.db
      .selectFrom('proxies')
      .select(REGISTRATION_COLUMNS)
      .where('proxies.namespace', '=', query.namespace)
      .where('proxies.state', '!=', 'retired');
    return listPage(serversList, request, proxies, (rows) => {
      const found = rows.map(registrationOf);
      return query.live === true ? fetchLive(deps, found, signal) : fetchLatest(deps, found, signal);
    });
  },
});

async function fetchLatest(
  { redis }: Pick<ApiDeps, 'redis'>,
  proxies: readonly RegisteredProxy[],
  signal: AbortSignal,
): Promise<readonly ProxyServers[]> {
  const ids = proxies.map(({ id }) => id);
  const statuses = await fetchStatuses(redis, ids, signal);
  return ids.map((id) => latestOf(id, statuses.get(id)));
}

function latestOf(proxy: string, record: StatusRecord | undefined): ProxyServers {
  const lags = new Map(record?.state?.servers?.map((one) => [keyOf(one), one.lagS]));
  return {
    proxy,
    source: 'status',
    observedAt: record === undefined ? null : new Date(record.observedAtMs).toISOString(),
    reachable: record?.reachable ?? false,
    // Its code: what follows names hosts.
    problem: record?.problem === undefined ? null : (/^[A-Z_]+/.exec(record.problem)?.[0] ?? 'INTERNAL'),
    servers: (record?.status?.backends ?? []).map((backend) => serverOf(backend, lags.get(keyOf(backend)))),
  };
}

async function fetchLive(
  deps: ApiDeps,
  proxies: readonly RegisteredProxy[],
  signal: AbortSignal,
): Promise<readonly ProxyServers[]> {
  const asked = proxies.map((registration) => ({ registration }));
  const outcomes = await forEachProxy(asked, signal, ({ registration }) =>
    fetchLiveBackends(deps, registration, signal),
  );
  const observedAt = new Date(deps.nowMs()).toISOString();
  return outcomes.map((outcome): ProxyServers => {
    const { proxy } = outcome;
    const common = { proxy, source: 'live', observedAt } as const;
    if ('problem' in outcome) return { ...common, reachable: false, problem: outcome.problem, servers: [] };
    return { ...common, reachable: true, problem: null, servers: outcome.value.map((one) => serverOf(one, undefined)) };
  });
}

function serverOf(backend: BackendStatus, lagS: number | undefined): ProxyServers['servers'][number] {
  const { hostgroup, host, port, status, connectionsUsed, connectionsFree, connectionsFailed, queries } = backend;
  const counted = { connectionsUsed, connectionsFree, connectionsFailed, queries };
  return { hostgroup, host, port, status, lagSeconds: lagS ?? null, ...counted, latencyMs: backend.latencyUs / 1_000 };
}

function keyOf({ hostgroup, host, port }: Pick<BackendStatus, 'hostgroup' | 'host' | 'port'>): string {
  return JSON.stringify([hostgroup, host, port]);
}
