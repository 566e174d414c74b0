import type { RegisteredProxy } from '../proxy.ts';
import { COLLECTORS, type CollectorName } from './collectors.ts';
import type { ScanFailure } from './scan-failure.ts';
import type { ScanPauses } from './scan-pauses.ts';
import { isDue, type TickSpan } from './schedule.ts';

/** How often each collector runs, milliseconds; what is shorter than a tick runs at every tick. */
export type ScanIntervals = Readonly<Record<CollectorName, number>>;

export interface TickInput {
  readonly proxies: readonly RegisteredProxy[];
  readonly span: TickSpan;
  readonly tickLengthMs: number;
  /** Unless the settings of a proxy say otherwise. */
  readonly intervals: ScanIntervals;
  readonly pauses: ScanPauses;
  readonly failures: ReadonlyMap<string, ScanFailure>;
  /** What somebody asked for: due now, also of a proxy that failed lately. @default nothing */
  readonly requested?: ReadonlyMap<string, { readonly collectors: ReadonlySet<CollectorName> }>;
}

export interface TickPlan {
  /** In the order of the input. */
  readonly due: readonly DueCollectors[];
  /** Proxies of which something would be due, were it not paused. */
  readonly paused: number;
  /** Proxies of which something would be due, had they not failed lately. */
  readonly backingOff: number;
}

export interface DueCollectors {
  readonly proxy: RegisteredProxy;
  readonly collectors: readonly CollectorName[];
}

/** What is to be collected at a tick. */
export function planTick(input: TickInput): TickPlan {
  const { pauses, failures } = input;
  const due: DueCollectors[] = [];
  let paused = 0;
  let backingOff = 0;
  for (const proxy of input.proxies) {
    const failure = failures.get(proxy.id);
    const span = spanOf(input, failure);
    const asked = input.requested?.get(proxy.id)?.collectors;
    const wanted = COLLECTORS.filter((name) => {
      if (asked?.has(name) === true) return true;
      const { enabled = true, intervalMs = input.intervals[name] } = proxy.monitoring?.collectors?.[name] ?? {};
      return enabled && isDue(span, intervalMs, proxy.id, name);
    });
    if (wanted.length === 0) continue;
    const isPaused = pauses.proxies.has(proxy.id) || pauses.namespaces.has(proxy.namespace);
    const collectors = isPaused ? [] : wanted.filter((name) => !pauses.collectors.has(name));
    if (collectors.length === 0) paused += 1;
    else if (failure !== undefined && failure.waitMs > 0 && !asked?.size) backingOff += 1;
    else due.push({ proxy, collectors });
  }
  return { due, paused, backingOff };
}

/** Of a proxy that failed, what came due since then is still to be collected: also what is due once a day. */
function spanOf({ span, tickLengthMs }: TickInput, failure: ScanFailure | undefined): TickSpan {
  if (failure === undefined) return span;
  return { ...span, sinceMs: Math.min(span.sinceMs, failure.firstTickMs - tickLengthMs) };
}
