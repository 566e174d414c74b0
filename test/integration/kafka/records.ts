import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import type { ScanBatch, ScanRecord, SlowSqlRecord } from '@proxywatch/core/domain/scan/scan-record';

export const AT_MS = Date.UTC(2026, 10, 23, 12, 0, 0, 250);

export function slowSql(name: string, given: Partial<SlowSqlRecord> = {}): SlowSqlRecord {
  return {
    kind: 'slowSql',
    eventId: eventIdOf('slowSql', name),
    proxy: 'shop-1',
    namespace: 'shop',
    observedAtMs: AT_MS,
    source: 'event',
    durationUs: 1_500_123,
    isExact: true,
    startedAtMs: AT_MS - 1_500,
    digest: '0x1F',
    text: 'SELECT SLEEP(?)',
    schema: 'orders',
    user: 'app',
    ...given,
  };
}

export function batchOf(records: readonly ScanRecord[], collector: CollectorName = 'slowSql'): ScanBatch {
  const { proxy = 'shop-1', namespace = 'shop' } = records[0] ?? {};
  return { id: eventIdOf('batch', collector, AT_MS), proxy, namespace, collector, observedAtMs: AT_MS, records };
}

/** Shrinks to next to nothing. */
export function textOf(characters: number): string {
  return 'é'.repeat(characters);
}
