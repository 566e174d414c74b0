import { describe, expect, test } from '@jest/globals';
import { isAllWell, renderReports } from '../../../../../infra/local/scan/render-reports.ts';
import { reportOf } from '../../../../support/scan-reports.ts';

const problem = { code: 'PROXY_TIMEOUT', message: 'no answer within 5000 ms' } as const;

describe('what a round found', () => {
  test('is a line for each collector of each proxy, and a sum', () => {
    const reports = [
      reportOf('lab-1', {
        collectors: [
          { name: 'status', records: 1 },
          { name: 'sqlStats', records: 142, problem },
        ],
        delivered: 2,
      }),
      reportOf('lab-2', { outcome: 'unreachable', problem, collectors: [], delivered: 0, pending: 3 }),
    ];
    expect(renderReports(reports)).toBe(`PROXY  OUTCOME      COLLECTOR  RECORDS  PROBLEM
lab-1  collected    status           1
                    sqlStats       142  PROXY_TIMEOUT: no answer within 5000 ms
lab-2  unreachable                      PROXY_TIMEOUT: no answer within 5000 ms

collected 1, unreachable 1; 143 records; batches: 2 delivered, 3 pending, 0 refused`);
  });

  test('has the problem of a proxy above those of its collectors', () => {
    const collectors = [{ name: 'status' as const, records: 0, problem }];
    const lines = renderReports([reportOf('lab-1', { outcome: 'failed', problem, collectors })]).split('\n');
    expect(lines[1]).toMatch(/^lab-1 {2}failed .*PROXY_TIMEOUT/);
    expect(lines[2]).toMatch(/^ +status +0 {2}PROXY_TIMEOUT/);
  });

  test('says what to do about a proxy that another run has', () => {
    const lines = renderReports([reportOf('lab-1', { outcome: 'busy', collectors: [] })]).split('\n');
    expect(lines[1]).toMatch(/^lab-1 {2}busy +another run, as of the scheduler, has the proxy: try again in a moment$/);
  });

  test('says so where there is nothing to collect from', () => {
    expect(renderReports([])).toBe('there is no proxy to collect from');
  });

  test('is all well only when all was collected and delivered', () => {
    expect(isAllWell([reportOf('a'), reportOf('b')])).toBe(true);
    const collectors = [{ name: 'status' as const, records: 0, problem }];
    for (const over of [{ outcome: 'busy' as const }, { pending: 1 }, { refused: 1 }, { collectors }])
      expect(isAllWell([reportOf('a'), reportOf('b', over)])).toBe(false);
  });
});
