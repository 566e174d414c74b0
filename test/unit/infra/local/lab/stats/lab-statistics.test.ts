import { describe, expect, test } from '@jest/globals';
import { STATS_TABLES } from '../../../../../../infra/local/lab/contract.ts';
import { createLabStatistics } from '../../../../../../infra/local/lab/stats/lab-statistics.ts';
import { UNPARSABLE_SET } from '../../../../../../infra/local/lab/stats/message-metrics.ts';
import { fakeLabClock } from '../../../../../support/fake-lab-clock.ts';

const RULE = {
  ruleId: 100,
  flagIn: 0,
  flagOut: null,
  clientAddress: null,
  matchDigest: '^SELECT',
  matchPattern: null,
  caseless: true,
  negate: false,
  username: null,
  schemaname: null,
  digest: null,
  destinationHostgroup: 20,
  timeoutMs: null,
  errorMessage: null,
  apply: true,
};
const USER = {
  username: 'app_rw',
  password: 'secret',
  defaultHostgroup: 10,
  defaultSchema: 'shop',
  maxConnections: 200,
  transactionPersistent: true,
};
const ORIGIN = { hostgroup: 10, schema: 'shop', user: 'app_rw', client: '' };
const runtime = { users: () => [USER], rules: () => [RULE] };

describe('the statistics of a lab proxy', () => {
  test('answer for every table without any traffic', () => {
    const stats = createLabStatistics(runtime, fakeLabClock());
    for (const table of STATS_TABLES) expect(() => [...stats.rowsOf(table)]).not.toThrow();
    expect([...stats.rowsOf('stats_mysql_users')]).toEqual([['app_rw', 0, 200]]);
  });

  test('tell the uptime in whole seconds of the monotonic clock', () => {
    const clock = fakeLabClock();
    const stats = createLabStatistics(runtime, clock);
    clock.advance(61_900);
    clock.stepWall(-500_000);
    expect([...stats.rowsOf('stats_mysql_global')][0]).toEqual(['ProxySQL_Uptime', '61']);
  });

  test('show rule hits two seconds late, and from zero after a LOAD', () => {
    const clock = fakeLabClock();
    const stats = createLabStatistics(runtime, clock);
    const hits = () => [...stats.rowsOf('stats_mysql_query_rules')];
    stats.countRuleHit(100);
    stats.countRuleHit(100);
    expect(hits()).toEqual([[100, 0]]);
    clock.advance(2000);
    expect(hits()).toEqual([[100, 2]]);
    stats.onRulesLoaded();
    expect(hits()).toEqual([[100, 0]]);
  });

  test('count messages without their texts, from zero after a reset', () => {
    const clock = fakeLabClock();
    const stats = createLabStatistics(runtime, clock);
    const rows = () => [...stats.rowsOf('stats_proxysql_message_metrics')];
    const firstS = Math.floor(clock.wallMs() / 1000);
    stats.messages.record(UNPARSABLE_SET);
    clock.advance(5_000);
    stats.messages.record(UNPARSABLE_SET);
    const { id, filename, line, func } = UNPARSABLE_SET;
    expect(rows()).toEqual([[id, filename, line, func, 2, firstS, firstS + 5]]);
    expect(stats.reset('stats_proxysql_message_metrics')).toBe(1);
    expect(rows()).toEqual([]);
  });

  test('print no metrics while no threads run', () => {
    const stats = createLabStatistics(runtime, fakeLabClock());
    stats.serverErrors.record('backend', { hostgroup: 10, host: 'h', port: 3306, errno: 1062 });
    expect(stats.metrics?.()).toBeUndefined();
  });

  test('reset only the tables that have a _reset twin', () => {
    const stats = createLabStatistics(runtime, fakeLabClock());
    stats.digests.record(ORIGIN, 'SELECT ?', { timeUs: 5, rowsAffected: 0, rowsSent: 1 });
    stats.globals.add('Questions');
    expect(stats.reset('stats_mysql_query_digest')).toBe(1);
    expect(stats.reset('stats_mysql_global')).toBe(0);
    const questions = [...stats.rowsOf('stats_mysql_global')].find(([name]) => name === 'Questions');
    expect(questions).toEqual(['Questions', '1']);
  });

  test('forget all but the uptime when the proxy is stopped', () => {
    const clock = fakeLabClock();
    const stats = createLabStatistics(runtime, clock);
    stats.digests.record(ORIGIN, 'SELECT ?', { timeUs: 5, rowsAffected: 0, rowsSent: 1 });
    stats.commands.record('SELECT', 5);
    stats.globals.add('Questions');
    clock.advance(30_000);
    stats.forget();
    expect([...stats.rowsOf('stats_mysql_query_digest')]).toEqual([]);
    const counted = [...stats.rowsOf('stats_mysql_global')].filter(([, value]) => value !== '0');
    expect(counted).toEqual([['ProxySQL_Uptime', '30']]);
    expect([...stats.rowsOf('stats_mysql_commands_counters')].every(([, , total]) => total === 0)).toBe(true);
  });
});
