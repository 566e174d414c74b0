import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../../../../../layers/core/src/drivers/proxysql/cells.ts';
import {
  fetchErrorTotals,
  METRICS,
  parseErrorMetrics,
} from '../../../../../../layers/core/src/drivers/proxysql/error-totals.ts';
import { openSqliteStats } from '../../../../../support/sqlite-stats.ts';

const RECORDED = readFileSync(
  new URL('../../../../../contract/recordings/lab-admin/show-prometheus-metrics.prom', import.meta.url),
  'utf8',
);
const answer = (text: string): readonly Row[] => [[Buffer.from(text)]];
const series = (labels: string, value = '1') => answer(`mysql_error_total{${labels}} ${value}\n`);
const LABELS = 'address="127.0.0.1",code="1062",hostgroup="10",port="3306"';

describe('totals of errors', () => {
  test('are those that a recorded proxy printed, of back ends and of its own client', () => {
    const errors = parseErrorMetrics(answer(RECORDED));
    const expected = [
      ['20', '127.0.0.1:3306', 1054, 63],
      ['10', '127.0.0.1:3306', 1045, 689],
      ['10', '127.0.0.1:3306', 1062, 125],
      ['10', '127.0.0.1:3306', 1064, 83],
      ['20', '127.0.0.1:3306', 1142, 63],
      ['20', '127.0.0.1:3306', 1146, 83],
      ['0', '127.0.0.1:3399', 0, 1],
      ['0', '127.0.0.1:3399', 2002, 12],
    ].map(([hostgroup, server, errno, count]) => ({ hostgroup, server, errno, count }));
    expect(errors).toEqual(expected);
  });

  test('come with the wrong passwords and the clocks of the proxy', async () => {
    const stats = openSqliteStats(4_000);
    stats.insert('stats_mysql_global', { Variable_Name: 'Access_Denied_Wrong_Password', Variable_Value: '7' });
    const query = async (statement: string) => (statement === METRICS ? answer(RECORDED) : stats.query(statement));
    const totals = await fetchErrorTotals(query);
    expect(totals).toMatchObject({ uptimeS: 4_000, accessDenied: 7 });
    expect(totals.byServer).toHaveLength(8);
    expect(Math.abs(totals.proxyNowS - Date.now() / 1_000)).toBeLessThan(60);
  });

  test('add up what both families count of one server', () => {
    const text = `mysql_error_total{${LABELS}} 2\nproxysql_mysql_error_total{${LABELS}} 3\n`;
    expect(parseErrorMetrics(answer(text))).toEqual([
      { hostgroup: '10', server: '127.0.0.1:3306', errno: 1062, count: 5 },
    ]);
  });

  test('read labels in any order, escaped, and counts as floats print them', () => {
    const labels = 'port="0",hostgroup="1",code="1064",address="/run/a\\\\b\\"c\\nd}, x"';
    expect(parseErrorMetrics(series(labels, '1.5e+06'))).toEqual([
      { hostgroup: '1', server: '/run/a\\b"c\nd}, x', errno: 1064, count: 1_500_000 },
    ]);
  });

  test('pass over other families, whatever they hold', () => {
    const text =
      'mysql_error_total_of_another{x="1"} Nan\nx_mysql_error_total{} 1\n# mysql_error_total counter\nnonsense\n';
    expect(parseErrorMetrics(answer(text))).toEqual([]);
  });

  test('are none while the threads of the proxy do not run', () => {
    expect(parseErrorMetrics([[null]])).toEqual([]);
  });

  test.each([
    ['a count that is none', series(LABELS, 'Nan')],
    ['a negative count', series(LABELS, '-1')],
    ['half an error', series(LABELS, '1.5')],
    ['no count', answer(`mysql_error_total{${LABELS}}\n`)],
    ['an open label', answer('mysql_error_total{address="127.0.0.1 1\n')],
    ['no labels', answer('mysql_error_total 5\n')],
    ['a code that is none', series(LABELS.replace('1062', '10x2'))],
    ['no hostgroup', series('address="h",code="1",port="3306"')],
    ['an unknown escape', series(LABELS.replace('127', '\\q'))],
    ['text after the count', series(LABELS, '1 2 3')],
    ['several rows', [[Buffer.from('')], [Buffer.from('')]]],
  ])('are refused with %s', (_case, rows) => {
    expect(() => parseErrorMetrics(rows)).toThrow(expect.objectContaining({ code: 'PROXY_PROTOCOL' }));
  });
});
