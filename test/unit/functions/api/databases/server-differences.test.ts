import { describe, expect, test } from '@jest/globals';
import type { ServerSpec } from '@proxywatch/core/domain/control/desired-state';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { serverDifferences } from '../../../../../functions/api/databases/server-differences.ts';

const control = createProxysqlControl();
const server: ServerSpec = {
  hostgroup: 10,
  host: 'db-1',
  port: 3306,
  weight: 1,
  maxConnections: 100,
  maxReplicationLagS: 0,
  useSsl: false,
  status: 'online',
  comment: 'shop-main/db-1',
};
const namespace = {
  name: 'shop',
  online: true,
  readOnly: false,
  allowedSchemas: [],
  allowedIps: [],
  slices: [],
  defaultSlice: null,
  readWriteSplit: false,
  deniedSql: [],
  slowSqlMs: null,
  maxExecutionMs: null,
  maxResultRows: null,
  maxClientConnections: null,
  qpsLimit: null,
};

/** Rows as a proxy has them that runs exactly this. */
const rowsOf = (...servers: ServerSpec[]) =>
  control.render({ namespace, accounts: [], servers, variables: [] }).tables.servers ?? [];
const running = (changes: Record<string, string>) =>
  rowsOf(server).map((row) => ({ ...row, fields: { ...row.fields, gtid_port: '0', compression: '0', ...changes } }));

describe('the servers of a proxy', () => {
  test('differ by nothing when they are as they should be, other columns of the proxy aside', () => {
    expect(serverDifferences(control, rowsOf(server), running({}))).toEqual([]);
    expect(serverDifferences(control, rowsOf(server), running({ weight: '01' }))).toEqual([]);
  });

  test('differ by the fields that are not as they should be', () => {
    expect(serverDifferences(control, rowsOf(server), running({ weight: '2', use_ssl: '1' }))).toEqual([
      {
        kind: 'change',
        server: 'server db-1:3306 in hostgroup 10',
        fields: { weight: { from: '2', to: '1' }, use_ssl: { from: '1', to: '0' } },
      },
    ]);
  });

  test('do not differ by what the monitor of the proxy did', () => {
    expect(serverDifferences(control, rowsOf(server), running({ status: 'SHUNNED' }))).toEqual([]);
    const drained = serverDifferences(control, rowsOf(server), running({ status: 'OFFLINE_SOFT' }));
    expect(drained[0]?.fields).toEqual({ status: { from: 'OFFLINE_SOFT', to: 'ONLINE' } });
  });

  test('lack one, and have one too many', () => {
    const other = { ...server, host: "db'2" };
    const [added, surplus] = serverDifferences(control, rowsOf(other), rowsOf(server));
    expect(added).toMatchObject({ kind: 'add', server: "server db'2:3306 in hostgroup 10" });
    expect(added?.fields.weight).toEqual({ from: null, to: '1' });
    expect(surplus).toEqual({ kind: 'surplus', server: 'server db-1:3306 in hostgroup 10', fields: {} });
  });
});
