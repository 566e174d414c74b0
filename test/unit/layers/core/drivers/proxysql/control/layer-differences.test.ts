import { describe, expect, test } from '@jest/globals';
import type { ConfigRow, LayerRows } from '../../../../../../../layers/core/src/domain/control/config-rows.ts';
import {
  isAbsenceExpected,
  isMonitoredField,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/layer-differences.ts';
import { ruleKey, serverKey, userKey } from '../../../../../../../layers/core/src/drivers/proxysql/control/tables.ts';

const PAIR: LayerRows = {
  replicationHostgroups: [{ key: '["10"]', fields: { writer_hostgroup: '10', reader_hostgroup: '20' } }],
};
const server = (hostgroup: number, host = 'db-1', status = 'ONLINE'): ConfigRow => ({
  key: serverKey(hostgroup, host, 3306),
  fields: { status },
});
const servers = (...rows: ConfigRow[]): LayerRows => ({ ...PAIR, servers: rows });

describe('a server', () => {
  test('that the monitor moved between the hostgroups of a pair is nobody’s edit, in either layer', () => {
    const [memory, runtime] = [servers(server(20)), servers(server(10))];
    expect(isAbsenceExpected('servers', server(20).key, memory, runtime)).toBe(true);
    expect(isAbsenceExpected('servers', server(10).key, memory, runtime)).toBe(true);
  });

  test('that is a writer and listed among the readers too is nobody’s edit', () => {
    expect(isAbsenceExpected('servers', server(20).key, servers(server(10)), servers(server(10), server(20)))).toBe(
      true,
    );
  });

  test('that came or went by itself is an edit', () => {
    expect(isAbsenceExpected('servers', server(20).key, servers(server(20)), servers(server(10, 'db-2')))).toBe(false);
    expect(isAbsenceExpected('servers', server(30).key, servers(server(30)), servers(server(10)))).toBe(false);
    expect(isAbsenceExpected('servers', server(10).key, servers(), servers(server(10)))).toBe(false);
  });

  test('that is off leaves runtime', () => {
    const off = server(30, 'db-1', 'offline_hard');
    expect(isAbsenceExpected('servers', off.key, servers(off), servers())).toBe(true);
    expect(isAbsenceExpected('servers', off.key, servers(), servers(off))).toBe(false);
  });

  test('is shunned by the monitor, and drained by people', () => {
    expect(isMonitoredField('servers', 'status', 'ONLINE', 'SHUNNED')).toBe(true);
    expect(isMonitoredField('servers', 'status', 'OFFLINE_SOFT', 'ONLINE')).toBe(false);
    expect(isMonitoredField('servers', 'weight', '1', '2')).toBe(false);
    expect(isMonitoredField('users', 'status', 'ONLINE', 'SHUNNED')).toBe(false);
  });
});

test('a row that both layers have, or none, is no absence', () => {
  expect(isAbsenceExpected('servers', server(10).key, servers(server(10)), servers(server(10)))).toBe(false);
  expect(isAbsenceExpected('servers', server(10).key, servers(), servers())).toBe(false);
});

test.each([
  ['users', userKey('app')],
  ['rules', ruleKey(7)],
] as const)('what is inactive in %s stays in memory', (table, key) => {
  const row = (active: string): LayerRows => ({ [table]: [{ key, fields: { active } }] });
  expect(isAbsenceExpected(table, key, row('0'), {})).toBe(true);
  expect(isAbsenceExpected(table, key, row('1'), {})).toBe(false);
  expect(isAbsenceExpected(table, key, {}, row('1'))).toBe(false);
});
