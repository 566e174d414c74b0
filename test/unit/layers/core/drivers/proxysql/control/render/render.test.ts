import { describe, expect, test } from '@jest/globals';
import type {
  AccountSpec,
  DesiredState,
  NamespaceSpec,
  ServerSpec,
} from '../../../../../../../../layers/core/src/domain/control/desired-state.ts';
import {
  type Route,
  routeStatement,
} from '../../../../../../../../layers/core/src/domain/control/test-sql/route-statement.ts';
import { renderDesired } from '../../../../../../../../layers/core/src/drivers/proxysql/control/render/render.ts';
import { fc } from '../../../../../../../support/properties.ts';

const account = (username: string, fields: Partial<AccountSpec> = {}): AccountSpec => ({
  username,
  password: { plugin: 'mysql_native_password', hash: '*7C67218EF7410F248763DC99AEDC705367393C4A' },
  defaultHostgroup: 10,
  defaultSchema: 'shop',
  schemaLocked: false,
  transactionPersistent: true,
  fastForward: false,
  maxConnections: 100,
  useSsl: false,
  access: 'rw',
  allowedIps: [],
  active: true,
  comment: '',
  ...fields,
});
const namespace = (fields: Partial<NamespaceSpec> = {}): NamespaceSpec => ({
  name: 'shop',
  online: true,
  readOnly: false,
  allowedSchemas: [],
  allowedIps: [],
  slices: [{ name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'orders' }],
  defaultSlice: 'main',
  readWriteSplit: false,
  deniedSql: [],
  slowSqlMs: null,
  maxExecutionMs: null,
  maxResultRows: null,
  maxClientConnections: null,
  qpsLimit: null,
  ...fields,
});
const server = (hostgroup: number, fields: Partial<ServerSpec> = {}): ServerSpec => ({
  hostgroup,
  host: 'db-1',
  port: 3306,
  weight: 1,
  maxConnections: 100,
  maxReplicationLagS: 0,
  useSsl: false,
  status: 'online',
  comment: '',
  ...fields,
});
const desired = (fields: Partial<DesiredState> = {}): DesiredState => ({
  namespace: namespace(),
  accounts: [account('app')],
  servers: [],
  variables: [],
  ...fields,
});

interface Client {
  readonly username?: string;
  readonly schema?: string;
  readonly clientAddress?: string;
  readonly digest?: string;
}
/** Where a statement goes: a hostgroup, or the words with which it is refused. */
function outcome(state: DesiredState, sql: string, client: Client = {}): number | string {
  const { username = 'app', schema = 'shop', clientAddress = '10.0.0.1', digest = '0x1' } = client;
  const { defaultHostgroup, fastForward } =
    state.accounts.find((one) => one.username === username) ?? account(username);
  const statement = { sql, digestText: sql, digest, username, schema, clientAddress };
  const route: Route = routeStatement(renderDesired(state).tables.rules ?? [], statement, {
    defaultHostgroup,
    fastForward,
  });
  expect(route.undecided).toEqual([]);
  return route.outcome.kind === 'forwarded' ? route.outcome.hostgroup : route.outcome.message;
}
const fieldsOf = (state: DesiredState) =>
  renderDesired(state).notes.map(({ subject, field }) => `${subject}: ${field}`);

describe('accounts', () => {
  test('are users with both halves', () => {
    const { users } = renderDesired(desired({ accounts: [account('app', { active: false, useSsl: true })] })).tables;
    expect(users).toEqual([
      {
        key: '["app"]',
        fields: {
          username: 'app',
          password: '*7C67218EF7410F248763DC99AEDC705367393C4A',
          active: '0',
          use_ssl: '1',
          default_hostgroup: '10',
          default_schema: 'shop',
          schema_locked: '0',
          transaction_persistent: '1',
          fast_forward: '0',
          frontend: '1',
          backend: '1',
          max_connections: '100',
          comment: '',
          halves: 'alike',
        },
      },
    ]);
  });

  test('that may only read are refused all that could write', () => {
    const state = desired({ accounts: [account('app', { access: 'ro' }), account('other')] });
    for (const sql of [
      'SELECT ?',
      '(select ?)',
      'SHOW TABLES',
      'EXPLAIN SELECT ?',
      'WITH a AS (SELECT REPLACE(b,?,?)) SELECT ?',
      'SET NAMES utf8mb4',
      'BEGIN',
      'START TRANSACTION',
    ]) {
      expect([sql, outcome(state, sql)]).toEqual([sql, 10]);
    }
    for (const sql of [
      'INSERT INTO t VALUES (?)',
      'update t set a=?',
      'CALL p()',
      'DROP TABLE t',
      'SELECT ? INTO OUTFILE ?',
      'SELECT ?; DELETE FROM t',
      'WITH a AS (SELECT ?) DELETE FROM t',
      'SET PASSWORD = ?',
      'SET GLOBAL read_only=?',
      'PREPARE s FROM ?',
      'START REPLICA',
      'TRUNCATE t',
      'SELECTED',
    ]) {
      expect([sql, outcome(state, sql)]).toEqual([sql, 'this account may only read']);
      expect(outcome(state, sql, { username: 'other' })).toBe(10);
    }
  });

  test('are held to their addresses, each to its own', () => {
    const state = desired({
      accounts: [
        account('app', { allowedIps: ['10.0.0.0/30', '192.168.1.9'] }),
        account('lab', { allowedIps: ['10.9.0.0/16'] }),
        account('free'),
      ],
    });
    const from = (username: string, clientAddress: string) => outcome(state, 'SELECT ?', { username, clientAddress });
    expect([
      from('app', '10.0.0.3'),
      from('app', '192.168.1.9'),
      from('lab', '10.9.8.7'),
      from('free', '1.1.1.1'),
    ]).toEqual([10, 10, 10, 10]);
    for (const refused of [from('app', '10.0.0.4'), from('app', '10.9.8.7'), from('lab', '10.0.0.3')]) {
      expect(refused).toBe('this account is not allowed from this address');
    }
  });
});

describe('a namespace', () => {
  test('that is offline refuses everything', () => {
    expect(outcome(desired({ namespace: namespace({ online: false }) }), 'SELECT ?')).toBe('namespace shop is offline');
  });

  test('that is read-only refuses writes, those of strangers too', () => {
    const state = desired({ namespace: namespace({ readOnly: true }) });
    expect(outcome(state, 'SELECT ?', { username: 'stranger' })).toBe(10);
    expect(outcome(state, 'DELETE FROM t', { username: 'stranger' })).toBe('namespace shop is read-only');
  });

  test('admits clients by address, then by schema, and goes on', () => {
    const state = desired({
      namespace: namespace({ allowedIps: ['10.0.0.0/24'], allowedSchemas: ['shop', "o'clock"], readOnly: true }),
    });
    expect(outcome(state, 'SELECT ?')).toBe(10);
    expect(outcome(state, 'DELETE FROM t')).toBe('namespace shop is read-only');
    expect(outcome(state, 'SELECT ?', { clientAddress: '10.0.1.1' })).toBe('clients from this address are not allowed');
    expect(outcome(state, 'SELECT ?', { schema: 'mysql' })).toBe('this schema is not allowed');
    expect(outcome(state, 'USE shop', { schema: 'mysql' })).toBe(10);
    expect(outcome(state, 'SET NAMES utf8mb4', { schema: '' })).toBe(10);
    expect(outcome(state, 'SELECT ?', { schema: "o'clock" })).toBe(10);
  });

  test('refuses or counts listed statements', () => {
    const deniedSql = [
      { digest: '0xABC', mode: 'deny', comment: 'too slow' },
      { pattern: '^DELETE FROM \\w+$', mode: 'deny', comment: 'without a condition' },
      { pattern: '^SELECT', mode: 'observe', comment: 'all reads' },
    ] as const;
    const state = desired({ namespace: namespace({ deniedSql }) });
    expect(outcome(state, 'SELECT ?', { digest: '0x0000000000000ABC' })).toBe(
      'this statement is refused in namespace shop',
    );
    expect(outcome(state, 'DELETE FROM t')).toBe('this statement is refused in namespace shop');
    expect(outcome(state, 'DELETE FROM t WHERE a=?')).toBe(10);
    expect(outcome(state, 'SELECT ?')).toBe(10);
    const observing = renderDesired(state).tables.rules?.find(({ fields }) => fields.comment?.includes('all reads'));
    expect(observing?.fields).toMatchObject({
      match_digest: '^SELECT',
      apply: '0',
      error_msg: null,
      destination_hostgroup: null,
    });
  });

  test('bounds executions and says where its limits became variables', () => {
    const state = desired({
      namespace: namespace({
        maxExecutionMs: 5_000,
        slowSqlMs: 200,
        maxClientConnections: 500,
        maxResultRows: 10,
        qpsLimit: 5,
      }),
      variables: [{ name: 'mysql-max_connections', value: '900' }],
    });
    const { rules, variables } = renderDesired(state).tables;
    expect(rules?.map(({ fields }) => [fields.rule_id, fields.timeout, fields.apply])).toEqual([
      ['100100', '5000', '0'],
    ]);
    expect(variables?.map(({ fields }) => fields.variable_value)).toEqual(['200', '900']);
    expect(renderDesired(state).notes.map(({ field, support }) => [field, support])).toEqual([
      ['maxResultRows', 'unsupported'],
      ['qpsLimit', 'unsupported'],
      ['maxClientConnections', 'lossy'],
    ]);
  });
});

describe('reads beside writes', () => {
  const slices = [
    { name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'orders' },
    { name: 'archive', writerHostgroup: 11, readerHostgroup: 21, cluster: 'archive' },
    { name: 'single', writerHostgroup: 12, readerHostgroup: 12, cluster: 'single' },
  ];
  const state = desired({
    namespace: namespace({ slices, readWriteSplit: true }),
    accounts: [
      account('app'),
      account('old', { defaultHostgroup: 11 }),
      account('one', { defaultHostgroup: 12 }),
      account('reporter', { defaultHostgroup: 20 }),
      account('fast', { fastForward: true }),
    ],
  });

  test('go to the readers of the account’s own slice', () => {
    const reads = ['app', 'old', 'one', 'reporter', 'fast', 'stranger'].map((username) =>
      outcome(state, 'SELECT * FROM t', { username }),
    );
    expect(reads).toEqual([20, 21, 12, 20, 10, 10]);
  });

  test.each([
    'UPDATE t SET a=?',
    'SELECT * FROM t WHERE a=? FOR UPDATE',
    'select * from t for share',
    'SELECT * FROM t LOCK IN SHARE MODE',
    'SELECT GET_LOCK(?,?)',
    'SELECT LAST_INSERT_ID()',
    'SELECT a, @b FROM t',
    'SELECT ?; UPDATE t SET a=?',
    'SHOW TABLES',
    'BEGIN',
  ])('stay with the writer: %s', (sql) => {
    expect(outcome(state, sql)).toBe(10);
  });

  test('may ask for what the server itself knows', () => {
    expect(outcome(state, 'SELECT @@version')).toBe(20);
  });

  test('stay with the writer of a slice without readers, which is said', () => {
    const lonely = { ...state, servers: [server(10), server(11), server(21)] };
    expect(outcome(lonely, 'SELECT ?')).toBe(10);
    expect(outcome(lonely, 'SELECT ?', { username: 'old' })).toBe(21);
    expect(fieldsOf(lonely)).toContain('namespace shop: readWriteSplit');
  });
});

describe('servers and slices', () => {
  test('become servers and replication pairs', () => {
    const { tables, notes } = renderDesired(
      desired({
        namespace: namespace({
          slices: [
            { name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'orders' },
            { name: 'same', writerHostgroup: 30, readerHostgroup: 20, cluster: 'orders' },
            { name: 'single', writerHostgroup: 12, readerHostgroup: 12, cluster: 'single' },
          ],
        }),
        servers: [
          server(10, { status: 'draining', maxReplicationLagS: 5 }),
          server(20, { host: '::1', status: 'offline' }),
        ],
      }),
    );
    expect(tables.servers?.map(({ key, fields }) => [key, fields.status, fields.max_replication_lag])).toEqual([
      ['["10","db-1","3306"]', 'OFFLINE_SOFT', '5'],
      ['["20","::1","3306"]', 'OFFLINE_HARD', '0'],
    ]);
    expect(tables.replicationHostgroups).toEqual([
      { key: '["10"]', fields: { writer_hostgroup: '10', reader_hostgroup: '20', comment: 'proxywatch: slice main' } },
    ]);
    expect(notes).toEqual([expect.objectContaining({ field: 'slices', support: 'lossy' })]);
  });
});

test('what cannot be expressed is said of each field that is used, and of no other', () => {
  expect(renderDesired(desired()).notes).toEqual([]);
  const state = desired({
    namespace: namespace({
      online: false,
      readOnly: true,
      allowedSchemas: ['s'],
      allowedIps: ['2001:db8::/33'],
      readWriteSplit: true,
    }),
    accounts: [
      account('a', {
        password: { plugin: 'caching_sha2_password', hash: '$A$005$' },
        schemaLocked: true,
        transactionPersistent: false,
        fastForward: true,
        access: 'ro',
        allowedIps: ['10.0.0.1'],
      }),
    ],
  });
  expect(fieldsOf(state).toSorted()).toEqual(
    [
      ...['password', 'schemaLocked', 'transactionPersistent', 'fastForward', 'access', 'allowedIps'].map(
        (field) => `account a: ${field}`,
      ),
      ...['online', 'readOnly', 'allowedSchemas', 'allowedIps', 'allowedIps'].map(
        (field) => `namespace shop: ${field}`,
      ),
    ].toSorted(),
  );
});

test('an entry that comes leaves all other rules as they are', () => {
  const accounts = Array.from({ length: 200 }, (_, i) =>
    account(`user-${i}`, { access: i % 2 ? 'ro' : 'rw', allowedIps: ['10.0.0.0/29'] }),
  );
  const state = desired({ namespace: namespace({ readWriteSplit: true }), accounts });
  const before = new Map(renderDesired(state).tables.rules?.map((row) => [row.key, JSON.stringify(row)]));
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), (username) => {
      const newcomer = account(username, { access: 'ro', allowedIps: ['10.1.0.0/29'] });
      const rows = renderDesired({ ...state, accounts: [newcomer, ...accounts] }).tables.rules ?? [];
      const after = new Map(rows.map((row) => [row.key, JSON.stringify(row)]));
      const changed = [...before].filter(([key, row]) => after.get(key) !== row);
      expect(changed.length).toBeLessThanOrEqual(12);
    }),
    { numRuns: 20 },
  );
});
