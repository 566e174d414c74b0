import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import type { ScanIntervals } from '@proxywatch/core/domain/scan/plan-tick';
import type { ScanFailure } from '@proxywatch/core/domain/scan/scan-failure';
import type { ScanRun } from '@proxywatch/core/domain/scan/scan-run';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import type { LogFields } from '@proxywatch/core/ports/log';
import type { DispatchDeps } from '../../functions/scanner/dispatch/dispatch.ts';
import type { DispatchClock } from '../../functions/scanner/dispatch/dispatch-clock.ts';

export interface MemoryDispatch extends DispatchDeps {
  readonly invoked: CollectRequest[];
  readonly dead: { readonly request: CollectRequest; readonly reason: string }[];
  readonly recorded: ScanRun[];
  readonly forgotten: string[];
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields | undefined }[];
  /** Proxies by how often they were invoked for at a tick. */
  scansAt(tickMs: number): ReadonlyMap<string, number>;
}

export interface MemoryDispatchOptions {
  readonly clock: DispatchClock;
  readonly proxies: readonly RegisteredProxy[];
  readonly tickLengthMs: number;
  readonly failures?: ReadonlyMap<string, ScanFailure>;
  readonly parallel?: number;
}

/** Dispatch with everything around it in memory; ticks are taken as Redis' scripts take them. */
export function memoryDispatch(options: MemoryDispatchOptions, over: Partial<DispatchDeps> = {}): MemoryDispatch {
  const { clock, proxies, tickLengthMs, failures = new Map(), parallel = 50 } = options;
  const none: ReadonlySet<string> = new Set();
  const invoked: CollectRequest[] = [];
  const dead: MemoryDispatch['dead'] = [];
  const recorded: ScanRun[] = [];
  const forgotten: string[] = [];
  const lines: MemoryDispatch['lines'] = [];
  const write = (level: string) => (event: string, fields?: LogFields) => void lines.push({ level, event, fields });
  let [claimedMs, completedMs] = [Number.NEGATIVE_INFINITY, undefined as number | undefined];
  return {
    registry: { fetchProxies: async () => ({ version: 'v', proxies, damaged: [] }) },
    claims: {
      async claim(tickMs) {
        if (claimedMs >= tickMs) return { kind: 'taken', claimedMs };
        claimedMs = tickMs;
        return { kind: 'claimed', completedMs };
      },
      async complete(tickMs) {
        completedMs = Math.max(completedMs ?? tickMs, tickMs);
      },
    },
    failures: {
      fetchAll: async () => failures,
      forget: async (ids) => void forgotten.push(...ids),
    },
    pauses: { fetchAll: async () => ({ proxies: none, namespaces: none, collectors: none }) },
    invoker: { invoke: async (request) => void invoked.push(request) },
    deadLetters: { send: async (request, reason) => void dead.push({ request, reason }) },
    runs: [{ record: async (run) => void recorded.push(run) }],
    clock,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    settings: { tickLengthMs, intervals: intervalsOf(tickLengthMs), parallel },
    invoked,
    dead,
    recorded,
    forgotten,
    lines,
    scansAt: (tickMs) => scansOf(invoked.filter((request) => request.tickMs === tickMs)),
    ...over,
  };
}

export function intervalsOf(ms: number): ScanIntervals {
  return Object.fromEntries(COLLECTORS.map((name) => [name, ms])) as ScanIntervals;
}

export function scansOf(requests: readonly CollectRequest[]): Map<string, number> {
  const scans = new Map<string, number>();
  for (const { proxy } of requests.flatMap(({ proxies }) => proxies))
    scans.set(proxy.id, (scans.get(proxy.id) ?? 0) + 1);
  return scans;
}

export function throttled(): ProxywatchError {
  return new ProxywatchError('INVOKE_THROTTLED', 'lambda collect: rate exceeded');
}
