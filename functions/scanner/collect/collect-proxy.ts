import type { DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { StoredScan } from '@proxywatch/core/ports/scan-store';
import { bounded } from '../../collection/bounded.ts';
import { abortAfter } from './abort-after.ts';
import type { ProxyReport } from './collect.ts';
import type { Run } from './create-collect.ts';
import { Delivery } from './delivery.ts';
import { Ledger } from './ledger.ts';
import { Outbox } from './outbox.ts';
import { problemOf } from './problem-of.ts';
import { readProxy } from './read-proxy.ts';
import { watchedRoutes } from './watched-settings.ts';

/** For the small calls to the store at both ends of a run. */
const STORE_TIMEOUT_MS = 5_000;
/** A write to a sink takes no longer, and one that begins late keeps the next run from the proxy for a moment only. */
const MAX_WRITE_MS = 5_000;
const MIN_WRITE_MS = 1_000;
const NOTE_TIMEOUT_MS = 2_000;

const NOTHING = { collectors: [], delivered: 0, pending: 0, refused: 0 } as const;

/**
 * One proxy of one run: takes the lease, sends what earlier runs left behind on its way, reads, and lets go. Rejects only
 * with what nobody expected.
 */
export async function collectProxy(due: DueProxy, run: Run): Promise<ProxyReport> {
  const { id } = due.proxy;
  if (run.collecting.aborted) return { proxy: id, outcome: 'unfinished', ...NOTHING };
  let token: string | undefined;
  try {
    token = await acquire(id, run);
    if (token === undefined) return { proxy: id, outcome: 'busy', ...NOTHING };
    return await collectLeased(due, token, run);
  } catch (error) {
    const problem = problemOf(error);
    if (!problem.code.startsWith('STORE_') && problem.code !== 'CANCELLED') throw error;
    run.log.warn('a proxy was not collected from', { proxy: id, code: problem.code, problem: problem.message });
    return { proxy: id, outcome: run.collecting.aborted ? 'unfinished' : 'failed', problem, ...NOTHING };
  } finally {
    if (token !== undefined) await release(id, token, run);
  }
}

async function collectLeased(due: DueProxy, token: string, run: Run): Promise<ProxyReport> {
  const { proxy } = due;
  const { store, sinks, away, log, clock } = run;
  const routes = watchedRoutes(run.routes, proxy.monitoring, sinks);
  const stored = await load(proxy.id, token, run);
  if (stored.damaged > 0) log.error('stored batches were set aside', { proxy: proxy.id, batches: stored.damaged });
  // Who loses the lease stops at once, reading and writing.
  const lost = new AbortController();
  const signal = AbortSignal.any([run.delivering, lost.signal]);
  const delivery = new Delivery({
    proxyId: proxy.id,
    token,
    store,
    sinks,
    away,
    writeTimeoutMs: () => writeTimeoutOf(run),
    signal,
    log,
    onFenced: (error) => lost.abort(error),
  });
  const outbox = new Outbox({ proxy, token, store, delivery, routes, clock, signal });
  const ledger = new Ledger(clock);
  const startedMs = clock.nowMs();
  delivery.add(stored.batches);
  const outcome = await readProxy(due, { ...run, token, stored, outbox, delivery, ledger, lost });
  await delivery.idle();
  const { delivered, pending, refused } = delivery;
  const kept = stored.batches.length;
  if (kept > 0 && pending === 0) log.info('what was kept is delivered', { proxy: proxy.id, batches: kept });
  const report: ProxyReport = { proxy: proxy.id, ...outcome, delivered, pending, refused };
  await noteReport(report, ledger, startedMs, run);
  return report;
}

/** For people: nothing depends on it. */
async function noteReport(report: ProxyReport, ledger: Ledger, startedMs: number, run: Run): Promise<void> {
  const { reports, clock, log, request } = run;
  if (reports === undefined) return;
  const { proxy, collectors, ...outcome } = report;
  const endedAtMs = Math.round(clock.wallMs());
  const durationMs = Math.round(clock.nowMs() - startedMs);
  const visit = { tickMs: request.tickMs, endedAtMs, durationMs, ...outcome };
  const { signal, clear } = abortAfter(NOTE_TIMEOUT_MS);
  try {
    const runs = collectors.map((one) => ledger.runOf(one));
    await bounded(reports.note(proxy, visit, runs, signal), signal, { code: 'STORE_UNAVAILABLE', what: 'the report' });
  } catch (error) {
    log.warn('how a run went was not noted', { proxy, code: problemOf(error).code });
  } finally {
    clear();
  }
}

/** The token of the lease; `undefined` while another run has the proxy. */
async function acquire(id: string, run: Run): Promise<string | undefined> {
  const owner = { memberId: run.memberId, advertise: 'scanner' };
  const acquired = await withinTime('the scan lease', run.collecting, (signal) =>
    run.leases.acquire(id, owner, run.leaseMs(), signal),
  );
  return acquired.kind === 'acquired' ? acquired.token : undefined;
}

function load(id: string, token: string, { store, collecting }: Run): Promise<StoredScan> {
  return withinTime('what was stored', collecting, (signal) => store.load(id, token, signal));
}

/** A lease that cannot be given back runs out by itself. */
async function release(id: string, token: string, { leases, log }: Run): Promise<void> {
  try {
    await withinTime('giving the scan lease back', undefined, (signal) => leases.release(id, token, signal));
  } catch (error) {
    log.warn('a scan lease was not given back', { proxy: id, code: problemOf(error).code });
  }
}

async function withinTime<T>(
  what: string,
  parent: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, clear } = abortAfter(STORE_TIMEOUT_MS, parent);
  try {
    return await bounded(call(signal), signal, { code: 'STORE_UNAVAILABLE', what });
  } finally {
    clear();
  }
}

function writeTimeoutOf({ request, clock }: Run): number {
  const untilNextTickMs = request.tickMs + request.windowMs - clock.wallMs();
  return Math.min(MAX_WRITE_MS, Math.max(MIN_WRITE_MS, untilNextTickMs));
}
