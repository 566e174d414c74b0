import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CollectorName, SinkName } from '@proxywatch/core/domain/scan/collectors';
import type { CollectRequest, DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { LeaseStore } from '@proxywatch/core/ports/lease-store';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';
import type { ScanFailures } from '@proxywatch/core/ports/scan-failures';
import type { ScanReports } from '@proxywatch/core/ports/scan-reports';
import type { ScanStore } from '@proxywatch/core/ports/scan-store';
import type { Sink } from '@proxywatch/core/ports/sink';
import { type Clock, SYSTEM_CLOCK } from '../../collection/clock.ts';
import { abortAfter, timeIsOver } from './abort-after.ts';
import type { Collect, CollectReport, ProxyReport } from './collect.ts';
import type { Collector, CollectSettings } from './collect-context.ts';
import { collectProxy } from './collect-proxy.ts';
import type { Routes } from './outbox.ts';
import { problemOf } from './problem-of.ts';

export interface CollectParts {
  /** Names this process; no other has the same. */
  readonly memberId: string;
  readonly leases: LeaseStore;
  readonly store: ScanStore;
  readonly failures: Pick<ScanFailures, 'noteFailure' | 'noteSuccess'>;
  /** Where it is noted how each proxy did. @default nowhere */
  readonly reports?: Pick<ScanReports, 'note'>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly credentials: CredentialSource;
  /** By kind. */
  readonly drivers: ReadonlyMap<string, ProxyDriver>;
  readonly collectors: ReadonlyMap<CollectorName, Collector>;
  /** Unless the settings of a proxy say otherwise. */
  readonly routes: Routes;
  readonly settingsOf: (proxy: RegisteredProxy) => CollectSettings;
  readonly connectTimeoutMs: number;
  /** Per proxy, as the store limits it; near to it nothing more is read until there is room. */
  readonly maxPendingBytes: number;
  readonly proxiesAtOnce: number;
  readonly log: Log;
  /** @default the system's */
  readonly clock?: Clock;
  /** Ends the connections of what was created for these parts. */
  readonly close: () => Promise<void>;
}

/** What all proxies of one request share. */
export interface Run extends Omit<CollectParts, 'close' | 'clock' | 'proxiesAtOnce'> {
  readonly clock: Clock;
  readonly request: CollectRequest;
  /** Sinks that failed in this run. */
  readonly away: Set<SinkName>;
  /** Reading ends when it aborts. */
  readonly collecting: AbortSignal;
  /** Aborts a little later: what was read is still brought to its sinks. */
  readonly delivering: AbortSignal;
  /** Epoch milliseconds. */
  readonly windowEndMs: number;
  /** How long a lease must last to cover the rest of the run, milliseconds. */
  readonly leaseMs: () => number;
}

/** Time between the end of reading and the end of the invocation, for what was read; half of it for the very last things. */
const RESERVE_MS = 4_000;
/** A lease outlives its run by so much: one that was killed holds the proxy no longer. */
const LEASE_MARGIN_MS = 5_000;
/** Sampling ends so long before the next tick, so that what it found is written when the next run comes. */
const WINDOW_MARGIN_MS = 2_000;

/** A collection from its parts, which stay connected from one request to the next. */
export function createCollect({ proxiesAtOnce, close, clock = SYSTEM_CLOCK, ...parts }: CollectParts): Collect {
  let requests = 0;

  async function collect(request: CollectRequest, signal: AbortSignal, deadlineMs: number): Promise<CollectReport> {
    const leftMs = Math.max(0, deadlineMs - clock.wallMs());
    const endMs = clock.nowMs() + leftMs;
    const reserveMs = Math.min(RESERVE_MS, leftMs / 2);
    const collecting = abortAfter(leftMs - reserveMs, signal, timeIsOver());
    // Not the caller's signal: whoever wants us to end wants what was read to arrive.
    const delivering = abortAfter(leftMs - reserveMs / 2, undefined, timeIsOver());
    const cutShort = () => delivering.shorten(reserveMs / 2);
    signal.addEventListener('abort', cutShort, { once: true });
    if (signal.aborted) cutShort();
    const run: Run = {
      ...parts,
      // One for each request: a process must not take a proxy away from itself.
      memberId: `${parts.memberId}/${++requests}`,
      clock,
      request,
      away: new Set(),
      collecting: collecting.signal,
      delivering: delivering.signal,
      windowEndMs: windowEndOf(request, clock.wallMs(), leftMs - reserveMs),
      leaseMs: () => Math.ceil(Math.max(0, endMs - clock.nowMs()) + LEASE_MARGIN_MS),
    };
    try {
      return { proxies: await collectAll(request.proxies, run, proxiesAtOnce) };
    } finally {
      signal.removeEventListener('abort', cutShort);
      collecting.clear();
      delivering.clear();
    }
  }

  return { collect, close };
}

async function collectAll(due: readonly DueProxy[], run: Run, atOnce: number): Promise<ProxyReport[]> {
  const reports: ProxyReport[] = [];
  // Workers that share one iterator: each takes the next proxy as soon as it is through with one.
  const queue = due.entries();
  async function work(): Promise<void> {
    for (const [place, one] of queue) reports[place] = await reportOf(one, run);
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, due.length) }, work));
  return reports;
}

/** A mistake of ours with one proxy is no reason to leave the others alone. */
async function reportOf(due: DueProxy, run: Run): Promise<ProxyReport> {
  try {
    return await collectProxy(due, run);
  } catch (error) {
    const problem = problemOf(error);
    run.log.error('a proxy was not collected from', {
      proxy: due.proxy.id,
      code: problem.code,
      problem: problem.message,
    });
    return { proxy: due.proxy.id, outcome: 'failed', problem, collectors: [], delivered: 0, pending: 0, refused: 0 };
  }
}

/** A request that comes late, or once more, has no window left: what samples takes one sample. */
function windowEndOf({ tickMs, windowMs }: CollectRequest, nowMs: number, leftMs: number): number {
  const marginMs = Math.min(WINDOW_MARGIN_MS, windowMs / 10);
  const endMs = Math.min(tickMs + windowMs - marginMs, nowMs + windowMs, nowMs + leftMs - marginMs);
  return Math.max(nowMs, endMs);
}
