import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ScanVisit } from '@proxywatch/core/domain/scan/scan-report';
import type { ScanRun } from '@proxywatch/core/domain/scan/scan-run';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';

export function proxyNamed(id: string, namespace = 'shop'): RegisteredProxy {
  return {
    id,
    kind: 'proxysql',
    namespace,
    adminHost: '127.0.0.1',
    adminPort: 6032,
    adminTls: false,
    statsCredentialRef: 'stats',
  };
}

/** `shop-0`, `shop-1`, … */
export function proxiesNamed(count: number): RegisteredProxy[] {
  return Array.from({ length: count }, (_, i) => proxyNamed(`shop-${i}`));
}

export function requestFor(...ids: readonly string[]): CollectRequest {
  const proxies = ids.map((id) => ({ proxy: proxyNamed(id), collectors: ['status' as const] }));
  return { version: 1, tickMs: 60_000, windowMs: 60_000, proxies };
}

/** A run that went well. */
export function scanRunOf(tickMs: number): ScanRun {
  const counts = { proxies: 3, due: 3, paused: 0, backingOff: 0, damaged: 0, invocations: 3, retries: 0 };
  return { tickMs, startedAtMs: tickMs, durationMs: 1, outcome: 'complete', ...counts, deadLetters: 0, lost: 0 };
}

/** A visit of the scanner that ended then. */
export function visitOf(endedAtMs: number, of: Partial<ScanVisit> = {}): ScanVisit {
  const counts = { delivered: 1, pending: 0, refused: 0 };
  return { tickMs: endedAtMs, endedAtMs, durationMs: 40, outcome: 'collected', ...counts, ...of };
}
