import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { KeyLogRecord, ScanBatch } from '@proxywatch/core/domain/scan/scan-record';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';

export const PROXY = 'shop-1';

export function recordOf(name: string, message = 'restarted'): KeyLogRecord {
  return {
    kind: 'keyLogs',
    eventId: name,
    proxy: PROXY,
    namespace: 'shop',
    observedAtMs: 1_800_000_000_000,
    event: 'restart',
    severity: 'warning',
    happenedAtMs: 1_800_000_000_000,
    message,
    detail: { uptimeS: 3 },
  };
}

export function batchOf(id: string, collector: CollectorName = 'keyLogs', message?: string): ScanBatch {
  const { proxy, namespace, observedAtMs } = recordOf(id);
  return { id, proxy, namespace, collector, observedAtMs, records: [recordOf(`${id}-event`, message)] };
}

export function pendingOf(id: string, message?: string): PendingBatch {
  return { batch: batchOf(id, 'keyLogs', message), pending: ['kafka', 'dcdb'] };
}
