import { describe, expect, test } from '@jest/globals';
import type { MonitoringOverrides } from '@proxywatch/core/domain/monitoring-settings/overrides';
import type { SlowSqlRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { Collector } from '../../../../../functions/scanner/collect/collect-context.ts';
import { watchedRoutes, watchedSettings } from '../../../../../functions/scanner/collect/watched-settings.ts';
import { PROXY } from './scanned-proxy.ts';
import {
  collectOnce,
  collectorOf,
  collectorsOf,
  countingCollector,
  createTestScanner,
  messagesIn,
  requestFor,
  SETTINGS,
} from './test-collect.ts';

/** One run of a collector for a proxy with these settings. */
async function runWith(monitoring: MonitoringOverrides, collector: Collector) {
  const scanner = createTestScanner({
    collectors: collectorsOf(collector),
    settingsOf: (proxy) => watchedSettings(SETTINGS, proxy.monitoring),
  });
  const { proxies, ...request } = requestFor([collector.name]);
  const due = proxies.map(({ proxy, collectors }) => ({ proxy: { ...proxy, monitoring }, collectors }));
  return { ...scanner, report: await collectOnce(scanner.collect, { ...request, proxies: due }) };
}

describe('settings of a proxy', () => {
  test('replace what collectors are configured with', () => {
    expect(watchedSettings(SETTINGS, undefined)).toEqual(SETTINGS);
    const monitoring = { slowSqlMs: 5, showLiterals: true, sqlStatsTopN: 7, textLength: 99 };
    expect(watchedSettings(SETTINGS, monitoring)).toEqual({ ...SETTINGS, ...monitoring });
  });

  test('have the processlist looked at as often as the threshold of transactions asks for', () => {
    expect(watchedSettings(SETTINGS, { slowTransactionMs: 500 })).toMatchObject({
      slowTransactionMs: 500,
      sampleMs: 500,
    });
    expect(watchedSettings(SETTINGS, { slowTransactionMs: 60_000 })).toMatchObject({ sampleMs: SETTINGS.sampleMs });
  });

  test('lead records to other sinks, but to none that this process does not have', async () => {
    const { kafka, dcdb, redis } = await runWith(
      { collectors: { keyLogs: { routes: ['redis'] } } },
      countingCollector(),
    );
    expect([messagesIn(redis), messagesIn(kafka), messagesIn(dcdb)]).toEqual([['event 1'], [], []]);
    const configured = { keyLogs: ['kafka'], status: ['redis'] } as never;
    const routes = watchedRoutes(
      configured,
      { collectors: { keyLogs: { routes: ['dcdb', 'kafka'] } } },
      new Map([['dcdb', 1]]),
    );
    expect([routes.keyLogs, routes.status]).toEqual([['dcdb'], ['redis']]);
  });

  test('leave out slow statements that are not to be told, and cut the texts of the others', async () => {
    const slow = (user: string, eventId: string): SlowSqlRecord => ({
      kind: 'slowSql',
      eventId,
      proxy: PROXY.id,
      namespace: PROXY.namespace,
      observedAtMs: 1,
      source: 'seen',
      durationUs: 1,
      isExact: false,
      startedAtMs: 1,
      user,
      text: 'select something that is long',
    });
    const collector = collectorOf('slowSql', async ({ commit }) => {
      await commit({ state: 's', records: [slow('app', 'a'), slow('backup_1', 'b')] });
    });
    const { kafka, store } = await runWith({ exclude: { users: ['backup*'] }, textLength: 16 }, collector);
    const records = [...kafka.records.values()];
    expect(records).toEqual([expect.objectContaining({ user: 'app', text: 'select something', isCut: true })]);
    expect(store.held(PROXY.id).states.get('slowSql')).toBe('s');
  });

  test('limit the time of a collector, and say so', async () => {
    const forever = collectorOf('keyLogs', () => new Promise(() => {}));
    const { report } = await runWith({ collectors: { keyLogs: { timeoutMs: 100 } } }, forever);
    expect(report.outcome).toBe('collected');
    expect(report.collectors).toMatchObject([
      {
        name: 'keyLogs',
        problem: { code: 'PROXY_TIMEOUT', message: expect.stringContaining('keyLogs took longer than 100 ms') },
      },
    ]);
  });
});
