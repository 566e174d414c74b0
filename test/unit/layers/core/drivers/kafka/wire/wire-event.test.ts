import { describe, expect, test } from '@jest/globals';
import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import { wireEventOf } from '@proxywatch/core/drivers/kafka/wire/wire-event';

const AT_MS = Date.UTC(2026, 10, 23, 12);
const AT = '2026-11-23T12:00:00.000Z';
const LATER = '2026-11-23T12:01:00.000Z';
const base = { eventId: 'e', proxy: 'shop-1', namespace: 'shop', observedAtMs: AT_MS };
const told = { eventId: 'e', proxy: 'shop-1', namespace: 'shop', observedAt: AT };
const counters = { executions: 1, timeUs: 2, rowsAffected: 3, rowsSent: 4 };
const interval = { fromMs: AT_MS, toMs: AT_MS + 60_000 };
const series = { hostgroup: '10', user: 'app', digest: '0x1F', text: 'SELECT ?' };
const statement = { user: 'app', hostgroup: '10', server: 'db-1:3306' };

describe('what others are told', () => {
  test.each<[string, ScanRecord, object]>([
    [
      'of a slow statement',
      {
        ...base,
        ...statement,
        kind: 'slowSql',
        source: 'seen',
        durationUs: 7,
        isExact: false,
        startedAtMs: AT_MS,
        schema: 'orders',
        isCut: true,
      },
      {
        ...told,
        ...statement,
        schema: 'proxywatch.slow-sql.v1',
        source: 'seen',
        durationUs: 7,
        isExact: false,
        startedAt: AT,
        schemaName: 'orders',
        isCut: true,
      },
    ],
    [
      'of a slow transaction',
      {
        ...base,
        ...statement,
        kind: 'slowTransactions',
        version: 2,
        state: 'closed',
        startedAtMs: AT_MS,
        durationMs: 12_000,
        sessionId: '7',
        schema: 'orders',
      },
      {
        ...told,
        ...statement,
        schema: 'proxywatch.slow-transactions.v1',
        version: 2,
        state: 'closed',
        startedAt: AT,
        durationMs: 12_000,
        sessionId: '7',
        schemaName: 'orders',
      },
    ],
    [
      'of a key log',
      {
        ...base,
        kind: 'keyLogs',
        event: 'restart',
        severity: 'warning',
        happenedAtMs: AT_MS,
        message: 'm',
        detail: { uptimeS: 3 },
      },
      {
        ...told,
        schema: 'proxywatch.key-logs.v1',
        event: 'restart',
        severity: 'warning',
        happenedAt: AT,
        message: 'm',
        detail: { uptimeS: 3 },
      },
    ],
    [
      'of errors',
      { ...base, ...interval, kind: 'sqlErrors', source: 'backend', errno: 1146, count: 2, schema: 'orders' },
      {
        ...told,
        schema: 'proxywatch.sql-errors.v1',
        fromAt: AT,
        toAt: LATER,
        source: 'backend',
        errno: 1146,
        count: 2,
        schemaName: 'orders',
      },
    ],
    [
      'of the executions of a digest',
      { ...base, ...interval, ...counters, kind: 'sqlStats', digest: { ...series, schema: 'orders' } },
      {
        ...told,
        ...counters,
        ...series,
        schema: 'proxywatch.sql-stats.v1',
        fromAt: AT,
        toAt: LATER,
        schemaName: 'orders',
      },
    ],
    [
      'of those of all other digests',
      { ...base, ...interval, ...counters, kind: 'sqlStats' },
      { ...told, ...counters, schema: 'proxywatch.sql-stats.v1', fromAt: AT, toAt: LATER },
    ],
    [
      'of a status',
      { ...base, kind: 'status', reachable: false, problem: 'PROXY_TIMEOUT: no answer' },
      { ...told, schema: 'proxywatch.status.v1', reachable: false, problem: 'PROXY_TIMEOUT: no answer' },
    ],
  ])('%s has its schema in it', (_, record, event) => {
    expect(JSON.parse(JSON.stringify(wireEventOf(record)))).toEqual(event);
  });

  test.each([Number.NaN, 1e300, -1e300, Number.POSITIVE_INFINITY])(
    'of a time of %p ms is some time',
    (happenedAtMs) => {
      const log = { event: 'message', severity: 'info', message: '', detail: {} } as const;
      const { happenedAt } = wireEventOf({ ...base, ...log, kind: 'keyLogs', happenedAtMs });
      expect(Number.isNaN(Date.parse(String(happenedAt)))).toBe(false);
    },
  );
});
