import { type Caller, requireFleetRole } from '@proxywatch/core/domain/access/caller';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { PauseTarget } from '@proxywatch/core/ports/scan-pauses';
import { z } from 'zod';
import { accepted, ok } from '#api/answer';
import { dryRunQuery, identifier, integer } from '#api/fields';
import { route } from '#api/route';
import { asConflict } from './as-conflict.ts';
import { fetchVisibleNamespace, fetchVisibleProxy } from './visible-proxy.ts';

const MAX_PROXIES = 1_000;
const MAX_PAUSE_S = 30 * 86_400;

const runNowBody = z
  .strictObject({
    proxies: z.array(identifier()).min(1).max(100).optional(),
    namespace: identifier().optional(),
    collectors: z
      .array(z.enum(COLLECTORS))
      .min(1)
      .max(COLLECTORS.length)
      .optional()
      .meta({ description: 'default all' }),
  })
  .refine(({ proxies, namespace }) => (proxies === undefined) !== (namespace === undefined), {
    error: 'expected either proxies or a namespace',
  });

export const runScanNow = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/actions/run-now',
  operationId: 'runScanNow',
  summary: 'Have proxies scanned at the next tick, whatever is due',
  description:
    'The next tick of dispatch takes it up, also of proxies that failed lately. What is paused stays paused. ' +
    '`GET /v1/monitoring/status` shows `requested` until then, and the run afterwards.',
  role: 'operator',
  query: dryRunQuery,
  body: runNowBody,
  example: { proxies: ['lab-1'], collectors: ['sqlStats', 'status'] },
  answers: {
    202: {
      description: 'it is asked for',
      schema: z.strictObject({
        requested: z.array(z.string()),
        collectors: z.array(z.enum(COLLECTORS)),
        paused: z
          .array(z.string())
          .meta({ description: 'of these, proxies that are not scanned since they are paused' }),
      }),
    },
    200: { description: 'a dry run' },
    404: { description: 'there is no such proxy or namespace' },
    409: { description: 'too much was asked for already' },
  },
  async handle({ db, scanRequests, pauses }, request) {
    const { body, caller, signal, dryRun } = request;
    const { namespace, collectors = COLLECTORS } = body;
    const targets: { readonly id: string; readonly namespace: string }[] = [];
    if (namespace !== undefined) {
      await fetchVisibleNamespace(db, namespace, caller, 'operator', signal);
      const inNamespace = db
        .selectFrom('proxies')
        .select(['id', 'namespace'])
        .where('namespace', '=', namespace)
        .where('state', 'not in', ['retired', 'paused'])
        .orderBy('id')
        .limit(MAX_PROXIES);
      targets.push(...(await accessDcdb(() => inNamespace.execute({ signal }))));
    }
    for (const id of new Set(body.proxies)) targets.push(await fetchVisibleProxy(db, id, caller, 'operator', signal));
    const paused = await pauses.fetchAll(signal);
    const ids = targets.map(({ id }) => id);
    const answer = {
      requested: ids,
      collectors: [...new Set(collectors)],
      paused: targets
        .filter(({ id, namespace: of }) => paused.proxies.has(id) || paused.namespaces.has(of))
        .map(({ id }) => id),
    };
    return request.change(async (_, audit) => {
      for (const target of targets) {
        audit({
          action: 'run-now',
          resourceType: 'scan',
          resourceId: target.id,
          namespace: target.namespace,
          after: { collectors: answer.collectors },
        });
      }
      if (targets.length === 0 && namespace !== undefined) {
        audit({ action: 'run-now', resourceType: 'scan', resourceId: namespace, namespace });
      }
      // Last, so that nothing is asked for that could not be noted; a note without its run does no harm.
      if (!dryRun) await asConflict(scanRequests.request(ids, answer.collectors, signal));
      return accepted('/v1/monitoring/status', answer);
    });
  },
});

const target = {
  proxy: identifier().optional(),
  namespace: identifier().optional(),
  collector: z.enum(COLLECTORS).optional(),
};
const isOne = ({ proxy, namespace, collector }: { proxy?: unknown; namespace?: unknown; collector?: unknown }) =>
  [proxy, namespace, collector].filter((name) => name !== undefined).length === 1;
const ONE = { error: 'expected one of proxy, namespace and collector' };

const targetAnswer = z.strictObject({
  kind: z.enum(['proxy', 'namespace', 'collector']),
  name: z.string(),
  paused: z.boolean(),
  seconds: z.int().nullable().meta({ description: 'how long; null: until it is resumed' }),
});

export const pauseScan = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/actions/pause',
  operationId: 'pauseScan',
  summary: 'Leave a proxy, a namespace or a collector of all proxies out of scans for a while',
  description:
    'Counters of the proxies go on meanwhile: what they ran is told when scans go on. A collector is paused everywhere, which needs the role for all namespaces.',
  role: 'operator',
  query: dryRunQuery,
  body: z
    .strictObject({
      ...target,
      seconds: integer(1, MAX_PAUSE_S).optional().meta({ description: 'default: until it is resumed' }),
    })
    .refine(isOne, ONE),
  example: { proxy: 'lab-1', seconds: 600 },
  answers: {
    200: { description: 'it is paused', schema: targetAnswer },
    404: { description: 'there is no such proxy or namespace' },
    409: { description: 'too much is paused one by one: pause a namespace' },
  },
  async handle({ db, pauses }, request) {
    const { body, signal, dryRun } = request;
    const { pauseTarget, namespace } = await targetOf(db, request, body);
    return request.change(async (_, audit) => {
      const { seconds } = body;
      audit(auditOf('pause', pauseTarget, namespace, { seconds: seconds ?? null }));
      if (!dryRun) {
        await asConflict(pauses.pause(pauseTarget, seconds === undefined ? undefined : seconds * 1_000, signal));
      }
      return ok({ ...pauseTarget, paused: true, seconds: seconds ?? null });
    });
  },
});

export const resumeScan = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/actions/resume',
  operationId: 'resumeScan',
  summary: 'End a pause',
  role: 'operator',
  query: dryRunQuery,
  body: z.strictObject(target).refine(isOne, ONE),
  example: { proxy: 'lab-1' },
  answers: {
    200: { description: 'it is not paused any more', schema: targetAnswer },
    404: { description: 'there is no such proxy or namespace' },
  },
  async handle({ db, pauses }, request) {
    const { body, signal, dryRun } = request;
    const { pauseTarget, namespace } = await targetOf(db, request, body);
    return request.change(async (_, audit) => {
      audit(auditOf('resume', pauseTarget, namespace));
      if (!dryRun) await pauses.resume(pauseTarget, signal);
      return ok({ ...pauseTarget, paused: false, seconds: null });
    });
  },
});

type Db = Parameters<typeof fetchVisibleProxy>[0];

/** What is to be paused, once the caller may. */
async function targetOf(
  db: Db,
  { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
  {
    proxy,
    namespace,
    collector,
  }: { proxy?: string | undefined; namespace?: string | undefined; collector?: string | undefined },
): Promise<{ readonly pauseTarget: PauseTarget; readonly namespace?: string }> {
  if (proxy !== undefined) {
    const found = await fetchVisibleProxy(db, proxy, caller, 'operator', signal);
    return { pauseTarget: { kind: 'proxy', name: proxy }, namespace: found.namespace };
  }
  if (namespace !== undefined) {
    await fetchVisibleNamespace(db, namespace, caller, 'operator', signal);
    return { pauseTarget: { kind: 'namespace', name: namespace }, namespace };
  }
  requireFleetRole(caller, 'operator');
  return { pauseTarget: { kind: 'collector', name: collector ?? '' } };
}

function auditOf(action: string, { kind, name }: PauseTarget, namespace: string | undefined, after?: unknown) {
  const resource = { action, resourceType: `scan-${kind}`, resourceId: name };
  return { ...resource, ...(namespace !== undefined && { namespace }), ...(after !== undefined && { after }) };
}
