import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import type { ScanFailure } from '@proxywatch/core/domain/scan/scan-failure';
import type { ScanPauses } from '@proxywatch/core/domain/scan/scan-pauses';
import type { ScanReport } from '@proxywatch/core/domain/scan/scan-report';
import { fetchLastScanRun } from '@proxywatch/core/drivers/dcdb/monitoring/last-scan-run';
import { z } from 'zod';
import { ok } from '#api/answer';
import { instant } from '#api/fields';
import { type ListSpec, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { iso } from './time-range.ts';

export const scanStatusList: ListSpec = {
  name: 'scan-status',
  fields: {
    proxy: { column: 'proxies.id', type: 'string', sortable: true },
    namespace: { column: 'proxies.namespace', type: 'string', sortable: true },
    kind: { column: 'proxies.kind', type: 'string' },
    state: { column: 'proxies.state', type: 'string' },
  },
  defaultSort: 'proxy',
  key: { field: 'proxy', column: 'proxies.id' },
};

const problem = z.strictObject({ code: z.string(), message: z.string() }).nullable();

const collectorAnswer = z.strictObject({
  name: z.enum(COLLECTORS),
  paused: z.boolean(),
  lastRunAt: instant().nullable().meta({ description: 'null: it has not run yet' }),
  lastSuccessAt: instant().nullable(),
  lagMs: z.int().nullable().meta({ description: 'since it last ran through' }),
  durationMs: z.int().nullable(),
  records: z.int().nullable(),
  dropped: z
    .int()
    .nullable()
    .meta({ description: 'records without room, and events that were lost before they were read' }),
  truncated: z.int().nullable().meta({ description: 'answers of the proxy that had more rows than are read' }),
  evicted: z
    .int()
    .nullable()
    .meta({ description: 'digest rows that were forgotten since nobody touched them for long' }),
  problem,
});

const statusAnswer = z.strictObject({
  proxy: z.string(),
  namespace: z.string(),
  state: z.string(),
  paused: z.enum(['proxy', 'namespace']).nullable(),
  failure: z
    .strictObject({ code: z.string(), inARow: z.int(), since: instant(), nextAttemptInMs: z.int() })
    .nullable()
    .meta({ description: 'null: it could be read the last time' }),
  lastRun: z
    .strictObject({
      at: instant(),
      tickAt: instant(),
      durationMs: z.int(),
      outcome: z.string(),
      delivered: z.int(),
      pending: z.int().meta({ description: 'batches that some sink does not have yet' }),
      refused: z.int(),
      problem,
    })
    .nullable(),
  requested: z.boolean().meta({ description: 'a run that was asked for has not begun yet' }),
  collectors: z.array(collectorAnswer),
});

export const getScanStatus = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/status',
  operationId: 'getScanStatus',
  summary: 'How the scanner does with each proxy, collector by collector, and what became of its last tick',
  role: 'viewer',
  query: listQuery(scanStatusList),
  answers: {
    200: {
      description: 'a page of proxies',
      schema: z.strictObject({
        scanner: z
          .strictObject({
            tickAt: instant(),
            startedAt: instant(),
            durationMs: z.number(),
            outcome: z.string(),
            proxies: z.int(),
            due: z.int(),
            paused: z.int(),
            backingOff: z.int(),
            invocations: z.int(),
            retries: z.int(),
            deadLetters: z.int(),
            lost: z.int(),
            lagMs: z.int().meta({ description: 'since the tick' }),
          })
          .nullable()
          .meta({ description: 'the last tick of dispatch, of all namespaces; null: there was none' }),
        pausedCollectors: z.array(z.enum(COLLECTORS)),
        items: z.array(statusAnswer),
        nextCursor: z.string().nullable(),
      }),
    },
  },
  async handle(deps, request) {
    const { db, pauses, scanFailures, scanReports, scanRequests } = deps;
    const { signal, caller } = request;
    const nowMs = deps.nowMs();
    const [paused, failures, requested] = await Promise.all([
      pauses.fetchAll(signal),
      scanFailures.fetchAll(signal),
      scanRequests.fetchAll(signal),
    ]);
    const run = await fetchLastScanRun(db, signal);
    const proxies = db.selectFrom('proxies').select(['proxies.id', 'proxies.namespace', 'proxies.state']);
    const page = await listPage(
      scanStatusList,
      request,
      whereNamespace(proxies.where('proxies.state', '!=', 'retired'), 'proxies.namespace', caller),
      async (rows) => {
        const ids = rows.map(({ id }) => id);
        const reports = await scanReports.fetchReports(ids, signal);
        return rows.map((row) => ({
          proxy: row.id,
          namespace: row.namespace,
          state: row.state,
          paused: pausedBy(row, paused),
          failure: failureOf(failures.get(row.id)),
          lastRun: visitOf(reports.get(row.id)),
          requested: (requested.get(row.id)?.collectors.size ?? 0) > 0,
          collectors: collectorsOf(reports.get(row.id), paused, nowMs),
        }));
      },
    );
    if (typeof page.body !== 'object') throw new ProxywatchError('INTERNAL', 'a page has no body');
    const { problem: _, ...told } = run ?? { problem: undefined };
    const scanner = run === undefined ? null : { ...told, lagMs: Math.max(0, nowMs - Date.parse(run.tickAt)) };
    return ok({ scanner, pausedCollectors: COLLECTORS.filter((name) => paused.collectors.has(name)), ...page.body });
  },
});

function pausedBy(row: { readonly id: string; readonly namespace: string }, { proxies, namespaces }: ScanPauses) {
  if (proxies.has(row.id)) return 'proxy';
  return namespaces.has(row.namespace) ? 'namespace' : null;
}

function failureOf(failure: ScanFailure | undefined) {
  if (failure === undefined) return null;
  const { code, count, firstTickMs, waitMs } = failure;
  return { code, inARow: count, since: iso(firstTickMs), nextAttemptInMs: Math.round(waitMs) };
}

function visitOf(report: ScanReport | undefined) {
  if (report?.visit === undefined) return null;
  const { endedAtMs, tickMs, durationMs, outcome, delivered, pending, refused, problem } = report.visit;
  const counts = { durationMs, outcome, delivered, pending, refused };
  return { at: iso(endedAtMs), tickAt: iso(tickMs), ...counts, problem: problem ?? null };
}

function collectorsOf(report: ScanReport | undefined, paused: ScanPauses, nowMs: number) {
  return COLLECTORS.map((name) => {
    const run = report?.collectors.get(name);
    const okMs = run?.succeededAtMs;
    return {
      name,
      paused: paused.collectors.has(name),
      lastRunAt: run === undefined ? null : iso(run.endedAtMs),
      lastSuccessAt: okMs === undefined ? null : iso(okMs),
      lagMs: okMs === undefined ? null : Math.max(0, Math.round(nowMs - okMs)),
      durationMs: run?.durationMs ?? null,
      records: run?.records ?? null,
      dropped: run?.dropped ?? null,
      truncated: run?.truncated ?? null,
      evicted: run?.evicted ?? null,
      problem: run?.problem ?? null,
    };
  });
}
