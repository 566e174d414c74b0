import { describe, expect, jest, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SqlErrorsRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { MemorySink } from '../../../../../support/memory-sink.ts';
import { collectOnce, createTestScanner, requestFor, SETTINGS } from '../test-collect.ts';

const ERRORS = ['sqlErrors'] as const;

function errorsIn(sink: MemorySink): SqlErrorsRecord[] {
  return [...sink.records.values()] as SqlErrorsRecord[];
}

/** A scanner that looks at errors at a pace of one minute. */
function createErrorScanner(settings = SETTINGS) {
  const scanner = createTestScanner({ settingsOf: () => settings });
  return {
    ...scanner,
    async look() {
      const report = await collectOnce(scanner.collect, requestFor(ERRORS));
      scanner.proxy.uptimeS += 60;
      jest.setSystemTime(Date.now() + 60_000);
      return report;
    },
  };
}

jest.useFakeTimers();

describe('SQL errors', () => {
  test('of the first sight of a proxy are told nobody: they may be years old', async () => {
    const { proxy, dcdb, look } = createErrorScanner();
    proxy.errors = [proxy.errorRow(1062, 7)];
    await look();
    expect(errorsIn(dcdb)).toEqual([]);
  });

  test('are told with what they are about, for the time between two looks', async () => {
    const { proxy, dcdb, look } = createErrorScanner();
    const beganMs = Date.now();
    await look();
    proxy.errors = [proxy.errorRow(1146, 3, { bornS: 1_030, lastError: "Table 'shop.nope' doesn't exist" })];
    await look();
    expect(errorsIn(dcdb)).toMatchObject([
      {
        source: 'backend',
        errno: 1146,
        count: 3,
        hostgroup: '10',
        server: 'db:3306',
        user: 'app',
        schema: 'shop',
        lastError: "Table 'shop.nope' doesn't exist",
        fromMs: beganMs,
        toMs: beganMs + 60_000,
      },
    ]);
  });

  test('that differ in the client alone are one record', async () => {
    const { proxy, dcdb, look } = createErrorScanner();
    await look();
    proxy.errors = ['10.0.0.1', '10.0.0.2'].map((clientAddress) =>
      proxy.errorRow(1062, 2, { clientAddress, bornS: 1_030 }),
    );
    await look();
    expect(errorsIn(dcdb)).toEqual([expect.objectContaining({ count: 4 })]);
    expect(errorsIn(dcdb)[0]).not.toHaveProperty('clientAddress');
  });

  test('show no values of users unless that is allowed', async () => {
    for (const showLiterals of [false, true]) {
      const { proxy, dcdb, look } = createErrorScanner({ ...SETTINGS, showLiterals });
      await look();
      proxy.errors = [
        proxy.errorRow(1062, 1, { bornS: 1_030, lastError: "Duplicate entry 'O'Neill' for key 'PRIMARY'" }),
      ];
      await look();
      const shown = showLiterals
        ? "Duplicate entry 'O'Neill' for key 'PRIMARY'"
        : "Duplicate entry ? for key 'PRIMARY'";
      expect(errorsIn(dcdb)[0]?.lastError).toBe(shown);
    }
  });

  test('that only the totals know are told as such, refused log-ins too', async () => {
    const { proxy, dcdb, look } = createErrorScanner();
    const totalOf = (count: number) => [{ hostgroup: '10', server: 'db:3306', errno: 1062, count }];
    proxy.totals = { byServer: totalOf(0), accessDenied: 1 };
    await look();
    proxy.totals = { byServer: totalOf(5), accessDenied: 4 };
    await look();
    await look();
    expect(errorsIn(dcdb)).toMatchObject([
      { source: 'frontend', errno: 1045, count: 3 },
      { source: 'detailLost', errno: 1062, count: 5, hostgroup: '10', server: 'db:3306' },
    ]);
  });

  test('are read without totals when these were read less than a minute ago', async () => {
    const { collect, proxy } = createTestScanner();
    proxy.totals = { byServer: [], accessDenied: 0 };
    await collectOnce(collect, requestFor(ERRORS));
    jest.setSystemTime(Date.now() + 15_000);
    await collectOnce(collect, requestFor(ERRORS));
    expect(proxy.calls.filter((call) => call === 'totals')).toHaveLength(1);
  });

  test('are read without totals when the proxy could not tell them less than a minute ago', async () => {
    const { collect, proxy } = createTestScanner();
    proxy.totals = { byServer: [], accessDenied: 0 };
    proxy.before = (call) => {
      if (call === 'totals') throw new ProxywatchError('PROXY_TIMEOUT', 'locked tables');
    };
    const asked = async () => {
      await collectOnce(collect, requestFor(ERRORS));
      return proxy.calls.filter((call) => call === 'totals').length;
    };
    expect(await asked()).toBe(1);
    jest.setSystemTime(Date.now() + 15_000);
    expect(await asked()).toBe(1);
    jest.setSystemTime(Date.now() + 45_000);
    expect(await asked()).toBe(2);
  });

  test('are told from the table when the totals cannot be read', async () => {
    const { proxy, dcdb, look } = createErrorScanner();
    proxy.totals = { byServer: [], accessDenied: 0 };
    await look();
    proxy.before = (call) => {
      if (call === 'totals') throw new ProxywatchError('PROXY_TIMEOUT', 'too slow');
    };
    proxy.errors = [proxy.errorRow(1062, 2, { bornS: 1_030 })];
    const report = await look();
    expect(report.collectors).toEqual([{ name: 'sqlErrors', records: 1 }]);
    expect(errorsIn(dcdb)).toMatchObject([{ source: 'backend', count: 2 }]);
  });

  test('begin anew with a state that cannot be read', async () => {
    const { proxy, dcdb, store, log, look } = createErrorScanner();
    proxy.errors = [proxy.errorRow(1062, 7)];
    await look();
    store.held('px1').states.set('sqlErrors', '{"v":1,"at":');
    await look();
    proxy.errors = [proxy.errorRow(1062, 8)];
    await look();
    expect(errorsIn(dcdb)).toMatchObject([{ count: 1 }]);
    expect(log.events).toContain('errors begin anew: unreadable state');
  });

  test('of a hundred thousand in a minute are a bounded number of records that add up', async () => {
    const { proxy, dcdb, store, look } = createErrorScanner({ ...SETTINGS, maxRecords: 200 });
    await look();
    proxy.errors = Array.from({ length: 10_000 }, (_, i) =>
      proxy.errorRow(1_000 + (i % 50), 10, { user: `user${i}`, bornS: 1_030 }),
    );
    const report = await look();
    const records = errorsIn(dcdb);
    expect(report.collectors).toMatchObject([{ records: records.length }]);
    expect(records.length).toBeLessThanOrEqual(200);
    expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
    expect(store.held('px1').states.get('sqlErrors')?.length).toBeLessThan(1_500_000);
  });
});
