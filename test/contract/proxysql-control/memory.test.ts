import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConfigRow, ConfigTable, RowWrite } from '../../../layers/core/src/domain/control/config-rows.ts';
import { fc } from '../../support/properties.ts';
import { type ControlLab, startControlLab } from './lab.ts';

const key = (...parts: string[]) => JSON.stringify(parts);
const put = (table: ConfigTable, parts: string[], fields: ConfigRow['fields']): RowWrite => ({
  kind: 'put',
  table,
  row: { key: key(...parts), fields },
});

let lab: ControlLab;
beforeEach(async () => {
  lab = await startControlLab([
    "INSERT INTO main.mysql_users (username,password,default_hostgroup,comment) VALUES ('app','secret',10,'of a colleague')",
    "INSERT INTO main.mysql_servers (hostgroup_id,hostname,port,weight,compression) VALUES (10,'db-1',3306,5,1)",
    "INSERT INTO main.mysql_query_rules (rule_id,active,match_digest,destination_hostgroup,apply) VALUES (7,1,'^SELECT',20,1)",
    'INSERT INTO main.mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (10,20)',
    'INSERT INTO main.mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (11,21)',
  ]);
});
afterEach(() => lab.close());

const memoryOf = async (table: ConfigTable) => {
  const { memory } = await lab.session.fetchConfig(['users', 'servers', 'rules', 'variables'], ['memory']);
  return new Map(memory?.[table]?.map((row) => [row.key, row.fields]));
};

describe('writing to memory', () => {
  test('changes the columns that are decided and leaves the others', async () => {
    await lab.session.write([
      put('users', ['app'], { password: '*7C67218EF7410F248763DC99AEDC705367393C4A', default_schema: 'shop' }),
      put('servers', ['10', 'db-1', '3306'], { weight: '9' }),
      put('servers', ['20', 'db-2', '3306'], { weight: '1' }),
      put('rules', ['100000'], { active: '1', error_msg: 'namespace shop is offline', apply: '1' }),
      { kind: 'delete', table: 'rules', key: key('7') },
    ]);
    expect((await memoryOf('users')).get(key('app'))).toMatchObject({
      password: '*7C67218EF7410F248763DC99AEDC705367393C4A',
      default_schema: 'shop',
      default_hostgroup: '10',
      comment: 'of a colleague',
    });
    const servers = await memoryOf('servers');
    expect(servers.get(key('10', 'db-1', '3306'))).toMatchObject({ weight: '9', compression: '1' });
    expect(servers.get(key('20', 'db-2', '3306'))).toMatchObject({
      weight: '1',
      status: 'ONLINE',
      max_connections: '1000',
    });
    expect([...(await memoryOf('rules')).keys()]).toEqual([key('100000')]);
  });

  test('takes two unique values that change places', async () => {
    await lab.session.write([
      put('replicationHostgroups', ['10'], { reader_hostgroup: '21' }),
      put('replicationHostgroups', ['11'], { reader_hostgroup: '20' }),
    ]);
    const rows = await lab.ask('SELECT writer_hostgroup,reader_hostgroup FROM mysql_replication_hostgroups ORDER BY 1');
    expect(rows).toEqual([
      ['10', '21'],
      ['11', '20'],
    ]);
  });

  test('reaches both halves of a user that the proxy has split, and leaves them apart', async () => {
    await lab.ask('LOAD MYSQL USERS TO RUNTIME');
    await lab.ask('DELETE FROM mysql_users');
    await lab.ask('SAVE MYSQL USERS FROM RUNTIME');
    await lab.session.write([
      put('users', ['app'], { password: 'other', frontend: '1', backend: '1', halves: 'alike' }),
    ]);
    expect(await lab.ask('SELECT password,frontend,backend FROM mysql_users ORDER BY backend')).toEqual([
      ['other', '1', '0'],
      ['other', '0', '1'],
    ]);
    expect([...(await memoryOf('users')).keys()]).toEqual([key('app')]);
  });

  test('says in which columns the halves of a user differ, and makes them alike when that is wanted', async () => {
    await lab.ask('DELETE FROM mysql_users');
    const columns = 'username,password,frontend,backend';
    await lab.ask(`INSERT INTO mysql_users (${columns}) VALUES ('app','front',1,0),('app','back',0,1)`);
    const found = (await memoryOf('users')).get(key('app'));
    expect(found).toMatchObject({ password: 'front', 'backend.password': 'back', halves: 'differ in password' });
    await lab.session.write([put('users', ['app'], { halves: 'alike' })]);
    expect((await memoryOf('users')).get(key('app'))).toMatchObject({ password: 'front', halves: 'alike' });
    expect((await lab.ask('SELECT DISTINCT password FROM mysql_users')).flat()).toEqual(['front']);
    await lab.session.replace('users', { users: [{ key: key('app'), fields: found ?? {} }] });
    expect((await memoryOf('users')).get(key('app'))).toEqual(found);
  });

  test.each<[string, RowWrite[], RegExp]>([
    ['a value that breaks a rule of the table', [put('users', ['new'], { active: '7' })], /CHECK constraint failed/],
    ['a column that this version lacks', [put('rules', ['100000'], { no_such: '1' })], /no column "no_such"/],
    [
      'a variable that the proxy does not know',
      [put('variables', ['mysql-no_such'], { variable_value: '1' })],
      /no variable/,
    ],
    [
      'the deletion of a variable',
      [{ kind: 'delete', table: 'variables', key: key('mysql-threads') }],
      /cannot be deleted/,
    ],
    ['a NUL character', [put('users', ['new'], { comment: 'a\0b' })], /NUL/],
    ['half a surrogate pair', [put('users', ['new'], { comment: '\ud800' })], /surrogate/],
    ['a key of another table', [{ kind: 'delete', table: 'servers', key: key('10') }], /no key of servers/],
  ])('refuses %s and changes nothing', async (_what, bad, message) => {
    const before = await lab.session.fetchConfig(['users', 'servers', 'rules', 'variables'], ['memory']);
    const good = [
      put('users', ['app'], { password: 'changed' }),
      put('servers', ['30', 'db-9', '3306'], { weight: '3' }),
      put('variables', ['mysql-long_query_time'], { variable_value: '5' }),
      { kind: 'delete' as const, table: 'rules' as const, key: key('7') },
    ];
    for (const writes of [
      [...good, ...bad],
      [...bad, ...good],
    ]) {
      const failure = lab.session.write(writes);
      await expect(failure).rejects.toMatchObject({ code: 'PROXY_STATEMENT', message: expect.stringMatching(message) });
      expect(await lab.session.fetchConfig(['users', 'servers', 'rules', 'variables'], ['memory'])).toEqual(before);
    }
  });

  test('is put back when a later table refuses, and says so', async () => {
    const failure = lab.session.write([
      put('users', ['app'], { password: 'changed' }),
      put('rules', ['100000'], { flagIN: '-1' }),
    ]);
    await expect(failure).rejects.toMatchObject({ message: expect.stringMatching(/memory was put back as it was$/) });
    expect((await memoryOf('users')).get(key('app'))?.password).toBe('secret');
  });
});

describe('hostile texts', () => {
  const special = fc.constantFrom(
    "'",
    "''",
    '"',
    '\\',
    "\\'",
    ';',
    '--',
    '/*',
    '*/',
    '\n',
    '\r',
    '\t',
    '\u0001',
    '😀',
    'é',
    '%',
    '?',
    "'); DELETE FROM mysql_users; --",
    'stats_mysql_query_digest_reset',
    'STATS_x_RESET',
    'runtime_mysql_users',
    'save mysql digest to disk',
    'LOAD MYSQL USERS TO RUNTIME',
    '||',
  );
  const text = fc
    .array(fc.oneof(special, fc.string({ unit: 'binary', maxLength: 5 })), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join('').replaceAll('\0', ''))
    .filter((joined) => joined !== '');

  test('come back as they were, wherever they stand', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, async (username, comment, host) => {
        await lab.session.write([
          put('users', [username], { password: comment, comment, default_schema: host }),
          put('servers', ['10', host, '3306'], { comment }),
          put('rules', ['100001'], { username, schemaname: host, match_digest: comment, error_msg: comment }),
          put('variables', ['mysql-init_connect'], { variable_value: comment }),
        ]);
        const user = { password: comment, comment, default_schema: host };
        expect((await memoryOf('users')).get(key(username))).toMatchObject(user);
        expect((await memoryOf('servers')).get(key('10', host, '3306'))).toMatchObject({ comment });
        expect((await memoryOf('rules')).get(key('100001'))).toMatchObject({ username, match_digest: comment });
        expect((await memoryOf('variables')).get(key('mysql-init_connect'))?.variable_value).toBe(comment);
        await lab.session.write([
          { kind: 'delete', table: 'users', key: key(username) },
          { kind: 'delete', table: 'servers', key: key('10', host, '3306') },
        ]);
        expect((await memoryOf('users')).has(key(username))).toBe(false);
      }),
      { numRuns: 30 },
    );
    expect((await lab.ask('SELECT COUNT(*) FROM mysql_users')).flat()).toEqual(['1']);
  });
});
