import { expect, test } from '@jest/globals';
import { type CollectorRun, NO_LOSSES } from '@proxywatch/core/domain/scan/scan-report';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import { scanReportKeyOf } from '@proxywatch/core/drivers/scan/scan-keys';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { visitOf } from '../../support/scan-requests.ts';

const PROBLEM = { code: 'PROXY_TIMEOUT', message: 'too slow' };

function runOf(name: CollectorRun['name'], endedAtMs: number, of: Partial<CollectorRun> = {}): CollectorRun {
  return { name, endedAtMs, durationMs: 12, records: 3, ...NO_LOSSES, ...of };
}

describeOnRedis('reports of the scanner', (server) => {
  const create = () => createRedisScanReports(server().redis);

  test('hold the last visit, and of each collector its last run and when it last ran through', async () => {
    const reports = create();
    await reports.note('p1', visitOf(1_000), [runOf('status', 1_000), runOf('sqlStats', 1_001, { dropped: 4 })]);
    await reports.note('p1', visitOf(2_000, { outcome: 'unfinished' }), [
      runOf('sqlStats', 2_001, { problem: PROBLEM }),
    ]);
    const report = (await reports.fetchReports(['p1', 'never']))!.get('p1')!;
    expect(report.visit).toEqual(visitOf(2_000, { outcome: 'unfinished' }));
    expect([...report.collectors.values()]).toEqual([
      { ...runOf('status', 1_000), succeededAtMs: 1_000 },
      { ...runOf('sqlStats', 2_001, { problem: PROBLEM }), succeededAtMs: 1_001 },
    ]);
    expect((await reports.fetchReports(['never'])).size).toBe(0);
    expect((await reports.fetchReports([])).size).toBe(0);
  });

  test('keep messages short, and count what cannot be read as missing', async () => {
    const reports = create();
    const problem = { ...PROBLEM, message: 'x'.repeat(10_000) };
    await reports.note('p1', visitOf(1, { problem }), [runOf('keyLogs', 1, { problem })]);
    const fields = ['status', '{', 'slowSql', '{"endedAtMs":"soon"}', 'telepathy', '{}'];
    await server().redis.call('HSET', [scanReportKeyOf('p1'), ...fields]);
    const report = (await reports.fetchReports(['p1'])).get('p1')!;
    expect(report.visit!.problem!.message).toHaveLength(300);
    expect([...report.collectors.keys()]).toEqual(['keyLogs']);
  });
});
