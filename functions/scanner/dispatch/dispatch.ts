import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { type BatchLimits, batchesOf } from '@proxywatch/core/domain/scan/batching';
import { planTick, type ScanIntervals } from '@proxywatch/core/domain/scan/plan-tick';
import type { ScanRun } from '@proxywatch/core/domain/scan/scan-run';
import { isBoundaryIn } from '@proxywatch/core/domain/scan/schedule';
import type { CollectInvoker, DeadLetters } from '@proxywatch/core/ports/collect-invoker';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyRegistry } from '@proxywatch/core/ports/proxy-registry';
import type { ScanFailures } from '@proxywatch/core/ports/scan-failures';
import type { ScanPauseStore } from '@proxywatch/core/ports/scan-pauses';
import type { ScanRequestStore } from '@proxywatch/core/ports/scan-requests';
import type { ScanRuns } from '@proxywatch/core/ports/scan-runs';
import type { TickClaims } from '@proxywatch/core/ports/tick-claims';
import { bounded } from '../../collection/bounded.ts';
import { type DispatchClock, limitOf } from './dispatch-clock.ts';
import { sendAll } from './send-all.ts';

export interface DispatchDeps {
  readonly registry: ProxyRegistry;
  readonly claims: TickClaims;
  readonly failures: Pick<ScanFailures, 'fetchAll' | 'forget'>;
  readonly pauses: Pick<ScanPauseStore, 'fetchAll'>;
  /** What somebody wants to be scanned now. @default nothing */
  readonly requests?: Pick<ScanRequestStore, 'fetchAll' | 'settle'>;
  readonly invoker: CollectInvoker;
  readonly deadLetters: DeadLetters;
  /** Each is told of the run, whatever becomes of the others. */
  readonly runs: readonly ScanRuns[];
  /** Looks after the tables of the scanner, every few minutes. */
  readonly maintain?: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: DispatchClock;
  readonly log: Log;
  readonly settings: DispatchSettings;
}

export interface DispatchSettings {
  /** Distance of ticks, milliseconds. */
  readonly tickLengthMs: number;
  readonly intervals: ScanIntervals;
  /** Invocations under way at once. */
  readonly parallel: number;
  /** @default BATCH_LIMITS */
  readonly batches?: BatchLimits;
}

export type Dispatched =
  | { readonly kind: 'dispatched'; readonly run: ScanRun }
  /** Another dispatcher has this tick or a newer one, or the tick lies in the future. */
  | { readonly kind: 'refused'; readonly reason: string };

const STORE_TIMEOUT_MS = 5_000;
const RECORD_TIMEOUT_MS = 3_000;
const MAINTENANCE_INTERVAL_MS = 300_000;
const MIN_MAINTENANCE_MS = 1_000;
/** Of the time of a tick: for sending, the rest is for dead letters and the record; and the least that is given to sending. */
const SENDING_SHARE = 0.9;
const LATE_SHARE = 0.25;

/**
 * One tick of the scanner: reads what there is to scan, takes the tick, and has `collect` invoked for all that is due.
 * Rejects with STORE_UNAVAILABLE, REGISTRY_MISSING or REGISTRY_TOO_LARGE when nothing could be sent at all; everything else
 * stands in the run. A tick that `signal` cuts short is not completed: the next one takes the rest.
 */
export async function dispatch(deps: DispatchDeps, tickMs: number, signal: AbortSignal): Promise<Dispatched> {
  const { clock, log, claims } = deps;
  const { tickLengthMs, intervals, parallel, batches } = deps.settings;
  const [startedMs, startedAtMs] = [clock.nowMs(), clock.wallMs()];
  const fromStore = <T>(what: string, call: (signal: AbortSignal) => Promise<T>, ms = STORE_TIMEOUT_MS) =>
    withLimit(clock, ms, signal, what, call);

  // Before the tick is taken: when these cannot be read, another attempt at the same tick may do better.
  const [snapshot, failures, pauses] = await Promise.all([
    fromStore('the registry', (limit) => deps.registry.fetchProxies(limit)),
    fromStore('the failures', (limit) => deps.failures.fetchAll(limit)),
    fromStore('the pauses', (limit) => deps.pauses.fetchAll(limit)),
  ]);
  const claim = await fromStore('the claim of the tick', (limit) => claims.claim(tickMs, limit));
  if (claim.kind === 'taken') return { kind: 'refused', reason: `tick ${claim.claimedMs} was dispatched already` };
  if (claim.kind === 'ahead') return { kind: 'refused', reason: `the tick lies ${claim.byMs} ms in the future` };

  const requested = await fetchRequested();
  const span = { tickMs, sinceMs: claim.completedMs ?? tickMs - tickLengthMs };
  const plan = planTick({ proxies: snapshot.proxies, span, tickLengthMs, intervals, pauses, failures, requested });
  const requests = batchesOf(plan.due, tickMs, batches).map(
    (proxies) => ({ version: 1, tickMs, windowMs: tickLengthMs, proxies }) as const,
  );
  const sent = await sendAll(
    requests,
    { ...deps, parallel, budgetMs: budgetOf(tickMs, startedAtMs, tickLengthMs) },
    signal,
  );
  if (sent.lost === 0) await logged(log, 'the tick was not completed', () => complete());
  if (sent.lost === 0) await settleRequested();

  const run: ScanRun = {
    tickMs,
    startedAtMs,
    durationMs: Math.round(clock.nowMs() - startedMs),
    outcome: sent.deadLetters + sent.lost === 0 ? 'complete' : 'partial',
    proxies: snapshot.proxies.length,
    due: plan.due.length,
    paused: plan.paused,
    backingOff: plan.backingOff,
    damaged: snapshot.damaged.length,
    ...sent,
  };
  // How far behind its tick the scanner is, milliseconds: a filter of the log makes a metric of it.
  const told = { ...run, lagMs: clock.wallMs() - tickMs };
  if (run.outcome === 'complete') log.info('tick dispatched', told);
  else log.error('tick dispatched in part', told);
  await Promise.all([...deps.runs.map((runs) => recordRun(runs)), forgetRetired(), maintainTables()]);
  return { kind: 'dispatched', run };

  /** Not worth failing a tick for. */
  async function fetchRequested(): Promise<Awaited<ReturnType<ScanRequestStore['fetchAll']>>> {
    const { requests } = deps;
    let found: Awaited<ReturnType<ScanRequestStore['fetchAll']>> = new Map();
    if (requests === undefined) return found;
    await logged(log, 'what was asked for was not read', async () => {
      found = await fromStore('the requests', (limit) => requests.fetchAll(limit));
    });
    return found;
  }

  async function settleRequested(): Promise<void> {
    const { requests } = deps;
    if (requests === undefined || requested.size === 0) return;
    await logged(log, 'what was asked for is asked for again', () =>
      fromStore('the requests', (limit) => requests.settle(requested, limit)),
    );
  }

  async function complete(): Promise<void> {
    await fromStore('the completion of the tick', (limit) => claims.complete(tickMs, limit));
  }

  /** Also when we are to stop: then not for long. */
  async function recordRun(runs: ScanRuns): Promise<void> {
    const record = (limit: AbortSignal) => runs.record(run, limit);
    await logged(log, 'the run was not recorded', () =>
      withLimit(clock, RECORD_TIMEOUT_MS, undefined, 'the record of the run', record),
    );
  }

  async function forgetRetired(): Promise<void> {
    const known = new Set(snapshot.proxies.map(({ id }) => id));
    const retired = [...failures.keys()].filter((id) => !known.has(id));
    if (retired.length === 0 || signal.aborted) return;
    await logged(log, 'failures of retired proxies were not removed', () =>
      fromStore('the failures', (limit) => deps.failures.forget(retired, limit)),
    );
  }

  /** Once in a while, by whichever tick comes first: no longer than until the next tick. */
  async function maintainTables(): Promise<void> {
    const { maintain } = deps;
    if (maintain === undefined || signal.aborted || !isBoundaryIn(span, MAINTENANCE_INTERVAL_MS, 0)) return;
    const leftMs = Math.max(MIN_MAINTENANCE_MS, tickMs + tickLengthMs - clock.wallMs());
    await logged(log, 'tables were not maintained', () => fromStore('the maintenance of tables', maintain, leftMs));
  }
}

/** Until shortly before the next tick; of a tick that begins late, long enough to get something done. */
function budgetOf(tickMs: number, nowMs: number, tickLengthMs: number): number {
  const leftMs = tickMs + SENDING_SHARE * tickLengthMs - nowMs;
  return Math.min(tickLengthMs, Math.max(leftMs, LATE_SHARE * tickLengthMs));
}

async function withLimit<T>(
  clock: DispatchClock,
  ms: number,
  parent: AbortSignal | undefined,
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = limitOf(clock, ms, parent);
  try {
    return await bounded(call(limit.signal), limit.signal, { code: 'STORE_UNAVAILABLE', what });
  } catch (error) {
    if (parent?.aborted === true) throw new ProxywatchError('CANCELLED', 'dispatch was stopped', { cause: error });
    throw error;
  } finally {
    limit.clear();
  }
}

/** What is no reason to fail a tick that was sent. */
async function logged(log: Log, event: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn(event, { code: errorCodeOf(error) ?? 'INTERNAL', message: messageOf(error) });
  }
}
