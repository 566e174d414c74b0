import { setTimeout as delay } from 'node:timers/promises';
import type { DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { Collect, ProxyReport } from '../../../functions/scanner/collect/collect.ts';

export interface RoundOptions {
  readonly collect: Pick<Collect, 'collect'>;
  /** How long what samples does so. */
  readonly windowMs: number;
  /** How long to wait for proxies that another run has. */
  readonly busyLimitMs: number;
  readonly signal: AbortSignal;
}

const AT_ONCE = 25;
/** For reading and delivering, besides the window. */
const TIME_MS = 60_000;
const BUSY_PAUSE_MS = 250;

/** Collects once from each proxy, now, and answers what became of each, in the order of `due`. */
export async function runRound(due: readonly DueProxy[], options: RoundOptions): Promise<readonly ProxyReport[]> {
  const reports: ProxyReport[] = [];
  const queue = due.entries();
  async function work(): Promise<void> {
    for (const [place, one] of queue) reports[place] = await collectOne(one, options);
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, work));
  return reports;
}

/** The scheduler of a run that is going on has the proxies nearly all the time: we wait for the gap between two ticks. */
async function collectOne(
  due: DueProxy,
  { collect, windowMs, busyLimitMs, signal }: RoundOptions,
): Promise<ProxyReport> {
  const waitedEnough = AbortSignal.any([signal, AbortSignal.timeout(busyLimitMs)]);
  for (;;) {
    const nowMs = Date.now();
    const request = { version: 1, tickMs: nowMs, windowMs, proxies: [due] } as const;
    const [report] = (await collect.collect(request, signal, nowMs + windowMs + TIME_MS)).proxies;
    if (report === undefined) throw new TypeError(`there is no report of ${due.proxy.id}`);
    if (report.outcome !== 'busy' || waitedEnough.aborted) return report;
    await delay(BUSY_PAUSE_MS, undefined, { signal: waitedEnough }).catch(() => undefined);
  }
}
