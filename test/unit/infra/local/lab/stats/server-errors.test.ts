import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ServerErrors } from '../../../../../../infra/local/lab/stats/server-errors.ts';

const RECORDED = readFileSync(
  new URL('../../../../../contract/recordings/lab-admin/show-prometheus-metrics.prom', import.meta.url),
  'utf8',
);
const recordedLines = RECORDED.split('\n').filter((line) => /\b(?:proxysql_)?mysql_error_total\b/.test(line));

describe('errors by server', () => {
  test('are printed letter by letter as recorded', () => {
    const errors = new ServerErrors();
    const times = (count: number, record: () => void) => Array.from({ length: count }, record);
    const backend = (hostgroup: number, errno: number) => () =>
      errors.record('backend', { hostgroup, host: '127.0.0.1', port: 3306, errno });
    const monitor = (errno: number) => () =>
      errors.record('monitor', { hostgroup: 0, host: '127.0.0.1', port: 3399, errno });
    times(1, monitor(0));
    times(12, monitor(2002));
    times(63, backend(20, 1054));
    times(689, backend(10, 1045));
    times(125, backend(10, 1062));
    times(83, backend(10, 1064));
    times(63, backend(20, 1142));
    times(83, backend(20, 1146));
    expect(errors.print()).toBe(`${recordedLines.join('\n')}\n`);
  });

  test('are none before the first one, and after they were forgotten', () => {
    const errors = new ServerErrors();
    expect(errors.print()).toBe('');
    errors.record('backend', { hostgroup: 1, host: 'h', port: 3306, errno: 1062 });
    errors.clear();
    expect(errors.print()).toBe('');
  });

  test('escape what the text format needs escaped', () => {
    const errors = new ServerErrors();
    errors.record('backend', { hostgroup: 1, host: 'a\\b"c\nd', port: 0, errno: 1062 });
    expect(errors.print()).toContain('{address="a\\\\b\\"c\\nd",code="1062",hostgroup="1",port="0"} 1\n');
  });
});
