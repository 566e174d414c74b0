import type { NamespaceSpec, ServerSpec } from '@proxywatch/core/domain/control/desired-state';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchProxiesOf, type ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { z } from 'zod';
import { forEachProxy, withAdminSession } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { identifier } from '#api/fields';
import { route } from '#api/route';
import { staleSeconds } from './database-fields.ts';
import { fetchNamespaceServers } from './namespace-servers.ts';
import { type ServerDifference, serverDifferences } from './server-differences.ts';
import { withAge } from './with-age.ts';

const TIMEOUT_MS = 5_000;
const MOST_PROXIES = 200;

const difference = z.strictObject({
  kind: z.enum(['add', 'change', 'surplus']),
  server: z.string(),
  fields: z.record(z.string(), z.strictObject({ from: z.string().nullable(), to: z.string().nullable() })),
});

const proxyPlan = z.strictObject({
  proxy: z.string(),
  managed: z.boolean().meta({ description: 'false: it is watched and never written' }),
  problem: z.string().nullable().meta({ description: 'code of what kept it from being read' }),
  changes: z.array(difference),
});

export const syncPlan = route({
  module: 'databases',
  method: 'POST',
  path: '/v1/databases/actions/sync-plan',
  operationId: 'planDatabaseSync',
  summary: 'What the proxies of a namespace would have to change in their servers',
  description:
    'Compares what the service and the overrides want with what runs on each proxy, and changes nothing: `plan` is where ' +
    'to ask for a plan that can be applied. `surplus` servers are removed by such a plan only if Proxywatch put them there.',
  role: 'operator',
  body: z.strictObject({ namespace: identifier() }),
  example: { namespace: 'shop' },
  answers: {
    200: {
      description: 'the differences, proxy by proxy',
      schema: z.strictObject({
        namespace: identifier(),
        plan: z.string(),
        servers: z.int().meta({ description: 'how many each proxy should have' }),
        proxies: z.array(proxyPlan),
        uncertain: z.boolean().meta({ description: 'the service told too little to delete servers for, see warnings' }),
        warnings: z.array(z.string()),
        staleSeconds,
      }),
    },
    404: { description: 'there is no such namespace that the caller may see' },
    422: { description: `the namespace has more than ${MOST_PROXIES} proxies` },
    502: { description: 'the service answered what it must not' },
  },
  async handle(deps, request) {
    const { body, signal } = request;
    const { namespace } = body;
    const wanted = await fetchNamespaceServers(deps, namespace, 'operator', request);
    const { servers, warnings, isUncertain } = wanted.desired;
    const proxies = await fetchProxiesOf(deps.db, namespace, signal);
    if (proxies.length > MOST_PROXIES) {
      throw new ProxywatchError('UNPROCESSABLE', `the namespace has more than ${MOST_PROXIES} proxies: ask for a plan`);
    }
    const outcomes = await forEachProxy(proxies, signal, (proxy) => compare(deps, proxy, wanted.spec, servers, signal));
    const plans = outcomes.map((outcome, index) => ({
      proxy: outcome.proxy,
      managed: proxies[index]?.managed ?? false,
      problem: 'problem' in outcome ? outcome.problem : null,
      changes: 'problem' in outcome ? [] : outcome.value,
    }));
    const plan = `/v1/namespaces/${encodeURIComponent(namespace)}/actions/plan`;
    const found = { namespace, plan, servers: servers.length, proxies: plans, uncertain: isUncertain, warnings };
    return withAge(ok(found), wanted.staleSeconds);
  },
});

function compare(
  deps: ApiDeps,
  { registration }: ReachableProxy,
  namespace: NamespaceSpec,
  servers: readonly ServerSpec[],
  signal: AbortSignal,
): Promise<readonly ServerDifference[]> {
  const limits = { timeoutMs: TIMEOUT_MS, signal };
  return withAdminSession(deps, registration, limits, async (session, control, limit) => {
    const { tables } = control.render({ namespace, accounts: [], servers, variables: [] });
    const { runtime } = await session.fetchConfig(['servers'], ['runtime'], limit);
    return serverDifferences(control, tables.servers ?? [], runtime?.servers ?? []);
  });
}
