import { type ErrorCode, errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { StoredScan } from '@proxywatch/core/ports/scan-store';
import { bounded } from '../../collection/bounded.ts';
import { ProxyLink } from '../../collection/proxy-link.ts';
import { unknownDriver } from '../../collection/unknown-driver.ts';
import { abortAfter } from './abort-after.ts';
import type { CollectorReport, Problem, ProxyReport } from './collect.ts';
import { unreachableRecord } from './collectors/status.ts';
import type { Run } from './create-collect.ts';
import type { Delivery } from './delivery.ts';
import type { Ledger } from './ledger.ts';
import type { Outbox } from './outbox.ts';
import { problemOf } from './problem-of.ts';
import { ProxyLine } from './proxy-line.ts';
import { runCollectors } from './run-collectors.ts';

/** One proxy of a run that holds its lease. */
export interface LeasedRun extends Run {
  readonly token: string;
  /** As it was when the run began; its batches are being delivered. */
  readonly stored: StoredScan;
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  readonly ledger: Ledger;
  /** Aborts with STORE_FENCED when another run has taken the proxy. */
  readonly lost: AbortController;
}

export type ReadOutcome = Pick<ProxyReport, 'outcome' | 'problem' | 'collectors'>;

/** How long an outbox without room may take to find some before nothing but the status is read in this run. */
const MAKE_ROOM_MS = 10_000;
/** This part of what may be pending is kept for runs that have begun. */
const FULL = 0.9;
const NOTE_TIMEOUT_MS = 2_000;

/** Failures of the proxy itself, after which it is left alone for a while. */
const FAULTS: readonly ErrorCode[] = ['PROXY_UNREACHABLE', 'PROXY_ACCESS_DENIED', 'PROXY_TIMEOUT', 'PROXY_PROTOCOL'];

/** Connects, has all due collectors read at once, and notes whether the proxy could be read. */
export async function readProxy({ proxy, collectors: due }: DueProxy, run: LeasedRun): Promise<ReadOutcome> {
  const signal = AbortSignal.any([run.collecting, run.lost.signal]);
  const names = await pickAffordable(due, run);
  const skipped = due.filter((name) => !names.includes(name)).map((name) => skippedOf(name, proxy.id, run));
  if (names.length === 0) return { outcome: 'collected', collectors: skipped };
  const line = new ProxyLine(linkOf({ proxy, collectors: due }, run), signal);
  try {
    await line.connect();
    const collectors = [...(await runCollectors(proxy, names, line, run, signal)), ...skipped];
    await noteOutcome(proxy.id, collectors, run);
    return { ...endOf(run), collectors };
  } catch (error) {
    if (signal.aborted) return { ...endOf(run), collectors: skipped };
    const problem = problemOf(error);
    if (names.includes('status')) await tellUnreachable({ proxy, collectors: due }, error, run);
    if (problem.code.startsWith('PROXY_') || problem.code === 'CREDENTIAL_MISSING') {
      await note(run, () => run.failures.noteFailure(proxy.id, { tickMs: run.request.tickMs, code: problem.code }));
    }
    run.log.warn('a proxy could not be reached', { proxy: proxy.id, code: problem.code, problem: problem.message });
    return { outcome: 'unreachable', problem, collectors: skipped };
  } finally {
    await line.close();
  }
}

/** Collectors that there is room for: without any, sources keep what they have, and only the status is shown. */
async function pickAffordable(due: readonly CollectorName[], run: LeasedRun): Promise<readonly CollectorName[]> {
  if (!isFull(run)) return due;
  const { signal, clear } = abortAfter(MAKE_ROOM_MS, run.collecting);
  const what = { code: 'SINK_FULL', what: 'making room in the outbox' } as const;
  await bounded(run.delivery.idle(), signal, what).catch(() => undefined);
  clear();
  return isFull(run) ? due.filter((name) => name === 'status') : due;
}

/** Nearly: the store alone knows how much exactly there is, and has the last word at each commit. */
function isFull({ stored, delivery, maxPendingBytes }: LeasedRun): boolean {
  const left = delivery.pending / Math.max(1, stored.batches.length);
  return left * stored.pendingBytes > FULL * maxPendingBytes;
}

function skippedOf(name: CollectorName, proxyId: string, { log }: LeasedRun): CollectorReport {
  const message = `what was read from ${proxyId} before waits for its sinks`;
  log.warn('a collector was left out', { proxy: proxyId, collector: name, code: 'SINK_FULL' });
  return { name, records: 0, problem: problemOf(new ProxywatchError('SINK_FULL', message)) };
}

function linkOf({ proxy }: DueProxy, { drivers, credentials, connectTimeoutMs, clock }: LeasedRun): ProxyLink {
  const driver = drivers.get(proxy.kind) ?? unknownDriver(proxy.kind);
  return new ProxyLink({ proxy, driver, credentials, connectTimeoutMs, clock });
}

/** How a run ended that could begin. */
function endOf({ lost, collecting }: LeasedRun): Pick<ProxyReport, 'outcome' | 'problem'> {
  if (lost.signal.aborted) return { outcome: 'failed', problem: problemOf(lost.signal.reason) };
  return { outcome: collecting.aborted ? 'unfinished' : 'collected' };
}

async function tellUnreachable({ proxy }: DueProxy, error: unknown, { outbox, clock, log }: LeasedRun): Promise<void> {
  const record = unreachableRecord(proxy, error, clock.wallMs());
  try {
    await outbox.commit('status', { state: undefined, records: [record] });
  } catch (failure) {
    log.warn('a status was not written', { proxy: proxy.id, code: errorCodeOf(failure) });
  }
}

/** A proxy of which one collector read something is one that can be read. */
async function noteOutcome(id: string, reports: readonly CollectorReport[], run: LeasedRun): Promise<void> {
  const fault = reports.map(({ problem }) => problem).find(isFault);
  const isRead = reports.some(({ problem }) => problem === undefined);
  if (isRead) await note(run, () => run.failures.noteSuccess(id));
  else if (fault) {
    await note(run, () => run.failures.noteFailure(id, { tickMs: run.request.tickMs, code: fault.code }));
  }
}

function isFault(problem: Problem | undefined): boolean {
  return problem !== undefined && FAULTS.includes(problem.code);
}

/** A note that is lost costs an attempt at most. */
async function note({ log }: LeasedRun, write: () => Promise<void>): Promise<void> {
  const { signal, clear } = abortAfter(NOTE_TIMEOUT_MS);
  try {
    await bounded(write(), signal, { code: 'STORE_UNAVAILABLE', what: 'noting how a proxy did' });
  } catch (error) {
    log.warn('how a proxy did was not noted', { code: errorCodeOf(error) });
  } finally {
    clear();
  }
}
