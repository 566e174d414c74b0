import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { VARIABLES } from '../../../../../../../../layers/core/src/drivers/proxysql/control/variables/catalogue.ts';

// The variables of a recorded ProxySQL 2.7.2, which the lab proxy has too.
const RECORDED: readonly { readonly name: string; readonly value: string }[] = JSON.parse(
  readFileSync('infra/local/lab/admin/layers/variables.json', 'utf8'),
);

describe('the catalogue of variables', () => {
  test('has each variable of a running proxy, and no other', () => {
    expect(VARIABLES.all.map(({ name }) => name).toSorted()).toEqual(RECORDED.map(({ name }) => name).toSorted());
  });

  test('has the type that the proxy’s own value has', () => {
    const own = RECORDED.filter(({ name }) => VARIABLES.find(name)?.refusal === undefined);
    expect(own.filter(({ name, value }) => VARIABLES.problemOf(name, value) !== undefined)).toEqual([]);
    for (const { name, value } of RECORDED) {
      const isFlag = value === 'true' || value === 'false';
      expect([name, VARIABLES.find(name)?.type === 'boolean']).toEqual([name, isFlag]);
    }
  });

  test('has defaults that it would take itself', () => {
    for (const { name, refusal, default: byDefault } of VARIABLES.all) {
      if (refusal === undefined) expect([name, VARIABLES.problemOf(name, byDefault)]).toEqual([name, undefined]);
    }
  });

  test.each([
    ['mysql-no_such', '1', /no variable/],
    ['mysql-multiplexing', 'maybe', /true or false/],
    ['mysql-long_query_time', 'abc', /whole number/],
    ['mysql-long_query_time', '', /whole number/],
    ['mysql-long_query_time', '999999999999', /from 0 to/],
    ['mysql-max_connections', '-5', /from 1 to 1000000/],
    ['mysql-init_connect', 'a\0', /NUL/],
    ['mysql-init_connect', 'x'.repeat(5_000), /at most/],
    ['admin-stats_mysql_query_digest_to_disk', '1', /left alone: it empties/],
    ['admin-restapi_enabled', 'true', /left alone/],
    ['admin-version', '3', /left alone/],
  ])('knows beforehand that %s does not take %j', (name, value, problem) => {
    expect(VARIABLES.problemOf(name, value)).toMatch(problem);
  });

  test.each([
    ['mysql-multiplexing', 'FALSE'],
    ['mysql-long_query_time', '0'],
    ['mysql-init_connect', "SET NAMES 'utf8mb4'; SELECT 1"],
  ])('lets %s be %j', (name, value) => {
    expect(VARIABLES.problemOf(name, value)).toBeUndefined();
  });

  test('guards what could lock everybody out, and knows what is secret or waits for a restart', () => {
    for (const name of ['admin-admin_credentials', 'mysql-interfaces', 'mysql-threads', 'admin-cluster_username']) {
      expect([name, VARIABLES.find(name)?.isGuarded]).toEqual([name, true]);
    }
    expect(VARIABLES.find('mysql-long_query_time')?.isGuarded).toBe(false);
    expect(VARIABLES.find('mysql-threads')?.needsRestart).toBe(true);
    expect(VARIABLES.all.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual([
      'admin-admin_credentials',
      'admin-cluster_password',
      'admin-stats_credentials',
      'mysql-monitor_password',
    ]);
  });
});
