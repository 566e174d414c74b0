import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ConfigRow, RowWrite } from '../../../../../../../layers/core/src/domain/control/config-rows.ts';
import { ProxywatchError } from '../../../../../../../layers/core/src/domain/errors.ts';
import type { Query } from '../../../../../../../layers/core/src/drivers/proxysql/cells.ts';
import {
  configRows,
  createColumns,
  fetchTable,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/fetch-config.ts';
import { userKey } from '../../../../../../../layers/core/src/drivers/proxysql/control/tables.ts';
import {
  type MemoryAccess,
  replaceMemory,
  writeMemory,
} from '../../../../../../../layers/core/src/drivers/proxysql/control/write-memory.ts';
import { fc } from '../../../../../../support/properties.ts';

const SCHEMA = readFileSync('infra/local/lab/admin/storage/schema.sql', 'utf8');
const creationOf = (table: string) => SCHEMA.match(new RegExp(`CREATE TABLE ${table} \\([\\s\\S]*?\\);\n`))?.[0] ?? '';

let database: DatabaseSync;
let sent: string[];
let access: MemoryAccess;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  for (const table of ['mysql_users', 'global_variables']) database.exec(creationOf(table));
  sent = [];
  const query: Query = async (statement) =>
    database
      .prepare(statement)
      .all()
      .map((row) => Object.values(row).map((value) => (value === null ? null : Buffer.from(String(value)))));
  const command = async (statement: string) => {
    sent.push(statement);
    try {
      database.exec(statement);
    } catch (error) {
      throw new ProxywatchError('PROXY_STATEMENT', String(error));
    }
  };
  access = { query, command, columnsOf: createColumns() };
});

const put = (username: string, fields: ConfigRow['fields']): RowWrite => ({
  kind: 'put',
  table: 'users',
  row: { key: userKey(username), fields },
});
const rowsNow = async () => configRows('users', await fetchTable(access.query, access.columnsOf, 'users', 'memory'));
const many = Array.from({ length: 500 }, (_, i) => put(`user-${i}`, { password: 'x' }));

describe('a change of memory', () => {
  test('sends nothing when all is as wanted', async () => {
    await writeMemory(access, [put('app', { password: 'x' })]);
    expect(sent).toHaveLength(1);
    await writeMemory(access, [put('app', { password: 'x', halves: 'alike', backend: '1' })]);
    expect(sent).toHaveLength(1);
  });

  test('sends rows together', async () => {
    await writeMemory(access, many);
    expect(sent.length).toBeLessThan(5);
    expect(await rowsNow()).toHaveLength(500);
  });

  test('goes on from an earlier one of the same row', async () => {
    await writeMemory(access, [put('app', { password: 'x' }), put('app', { comment: 'y' })]);
    expect((await rowsNow())[0]?.fields).toMatchObject({ password: 'x', comment: 'y' });
    await writeMemory(access, [{ kind: 'delete', table: 'users', key: userKey('app') }, put('app', { password: 'z' })]);
    expect((await rowsNow())[0]?.fields).toMatchObject({ password: 'z', comment: '' });
  });

  test('is taken back when its caller gives up in between', async () => {
    await writeMemory(access, [put('user-3', { password: 'old', comment: 'kept' })]);
    const before = await rowsNow();
    const controller = new AbortController();
    const command = async (statement: string) => {
      await access.command(statement);
      if (sent.length === 3) controller.abort();
    };
    const writing = writeMemory({ ...access, command, signal: controller.signal }, many);
    await expect(writing).rejects.toMatchObject({
      code: 'CANCELLED',
      message: expect.stringMatching(/memory was put back as it was$/),
    });
    expect(await rowsNow()).toEqual(before);
  });

  test('says that memory may hold a part of it when the connection is lost', async () => {
    const command = async () => {
      throw new ProxywatchError('PROXY_TIMEOUT', 'a statement took longer than 15000 ms');
    };
    await expect(writeMemory({ ...access, command }, many)).rejects.toMatchObject({
      code: 'PROXY_TIMEOUT',
      message: expect.stringMatching(/memory may hold a part of the change/),
    });
  });

  test('says that it could not be put back', async () => {
    let refusing = false;
    const command = async (statement: string) => {
      if (refusing || sent.length === 2) {
        refusing = true;
        throw new ProxywatchError('PROXY_STATEMENT', 'attempt to write a readonly database');
      }
      await access.command(statement);
    };
    await expect(writeMemory({ ...access, command }, many)).rejects.toMatchObject({
      message: expect.stringMatching(/memory holds a part of the change, since it could not be put back: attempt/),
    });
  });

  test('and the way back give the rows that were there, whatever form they had', async () => {
    const half = fc.record({
      password: fc.constantFrom('a', 'b', null),
      active: fc.constantFrom(0, 1),
      default_schema: fc.constantFrom('s', null),
      max_connections: fc.constantFrom(1, 2),
    });
    const forms = fc.constantFrom(
      [[1, 1]],
      [[1, 0]],
      [[0, 1]],
      [
        [1, 0],
        [0, 1],
      ],
    );
    const users = fc.array(fc.tuple(forms, half, half), { maxLength: 4 });
    const wanted = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.option(half)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(users, wanted, async (held, writes) => {
        database.exec('DELETE FROM mysql_users');
        const insert = database.prepare(
          'INSERT INTO mysql_users (username,frontend,backend,password,active,default_schema,max_connections) VALUES (?,?,?,?,?,?,?)',
        );
        for (const [i, [form, one, other]] of held.entries()) {
          for (const [n, [frontend = 0, backend = 0]] of form.entries()) {
            insert.run(`user-${i}`, frontend, backend, ...Object.values(n === 0 ? one : other));
          }
        }
        const before = await rowsNow();
        const changes = writes.map(([i, fields]): RowWrite => {
          const texts = Object.entries(fields ?? {}).map(([name, value]) => [
            name,
            value === null ? null : String(value),
          ]);
          return fields === null
            ? { kind: 'delete', table: 'users', key: userKey(`user-${i}`) }
            : put(`user-${i}`, Object.fromEntries(texts));
        });
        await writeMemory(access, changes);
        const after = new Map((await rowsNow()).map(({ key, fields }) => [key, fields]));
        const last = new Map(changes.map((change) => [change.kind === 'put' ? change.row.key : change.key, change]));
        for (const [key, change] of last) {
          if (change.kind === 'delete') expect(after.has(key)).toBe(false);
          else expect(after.get(key)).toMatchObject(change.row.fields);
        }
        await replaceMemory(access, 'users', { users: before });
        expect((await rowsNow()).toSorted(byKey)).toEqual(before.toSorted(byKey));
      }),
      { numRuns: 200 },
    );
  });

  test('and the way back keep what a newer version has besides', async () => {
    database.exec("ALTER TABLE mysql_users ADD COLUMN passkey VARCHAR NOT NULL DEFAULT ''");
    database.exec("INSERT INTO mysql_users (username,password,passkey) VALUES ('app','x','of the future')");
    const before = await rowsNow();
    await writeMemory(access, [put('app', { password: 'y' })]);
    expect((await rowsNow())[0]?.fields).toMatchObject({ password: 'y', passkey: 'of the future' });
    await writeMemory(access, [{ kind: 'delete', table: 'users', key: userKey('app') }]);
    await replaceMemory(access, 'users', { users: JSON.parse(JSON.stringify(before)) });
    expect(await rowsNow()).toEqual(before);
  });

  test('is refused to a proxy that names its columns in another language', async () => {
    database.exec('DROP TABLE mysql_users; CREATE TABLE mysql_users (username VARCHAR, "a b; --" VARCHAR)');
    await expect(writeMemory(access, [put('app', {})])).rejects.toMatchObject({ code: 'PROXY_PROTOCOL' });
    expect(sent).toEqual([]);
  });

  test('restores no rows of another module', async () => {
    await expect(replaceMemory(access, 'users', { servers: [] })).rejects.toMatchObject({ code: 'PROXY_STATEMENT' });
  });
});

const byKey = (a: ConfigRow, b: ConfigRow) => (a.key < b.key ? -1 : 1);
