import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { fetchNamespaces, registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import {
  fetchProxyRecords,
  fetchRegistryEdition,
  registerProxies,
} from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startFakeMysql } from '../../support/fake-mysql.ts';

const MIGRATION_NAMES = [
  '0001-registry',
  '0002-scanner',
  '0003-access',
  '0004-desired-state',
  '0005-control',
  '0006-scan-proxies',
  '0007-override-returns',
  '0008-control-history',
];

let server: MariadbService;
let db: Dcdb;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url);
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

const shop1: RegisteredProxy = {
  id: 'shop-1',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.1',
  adminPort: 6032,
  adminTls: false,
  statsCredentialRef: 'stats',
};
const shop2: RegisteredProxy = {
  ...shop1,
  id: 'shop-2',
  adminTls: true,
  trafficHost: 'db.example',
  trafficPort: 6033,
  adminCredentialRef: 'admin',
};

async function dropAllTables(): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = database()
    order by table_name in ('namespaces', 'operations'), table_name`.execute(db);
  await sql`drop table ${sql.join(rows.map(({ name }) => sql.table(name)))}`.execute(db);
}

describe('migrations', () => {
  test('bring an empty database up to date, once', async () => {
    expect(await migrateDcdb(db)).toEqual(MIGRATION_NAMES);
    expect(await migrateDcdb(db)).toEqual([]);
  });

  test('go on from where one was cut off', async () => {
    const { source } = await fetchRegistryEdition(db);
    await sql`drop table proxies`.execute(db);
    await sql`delete from migrations`.execute(db);
    expect(await migrateDcdb(db)).toEqual(MIGRATION_NAMES);
    expect(await fetchProxyRecords(db)).toEqual([]);
    expect((await fetchRegistryEdition(db)).source).toBe(source);
  });

  test('started at several places at once run at one of them', async () => {
    await dropAllTables();
    const clients = Array.from({ length: 4 }, () => createDcdb(server.url, { maxConnections: 1 }));
    const outcomes = await Promise.all(clients.map((client) => migrateDcdb(client)));
    await Promise.all(clients.map((client) => client.destroy()));
    expect(outcomes.flat()).toEqual(MIGRATION_NAMES);
  });

  test('explain every column, as docs/dcdb.md does', async () => {
    const docs = await readFile(new URL('../../../docs/dcdb.md', import.meta.url), 'utf8');
    const { rows } = await sql<{ table: string; name: string; comment: string }>`
      select table_name as \`table\`, column_name as name, column_comment as comment from information_schema.columns
      where table_schema = database() and table_name not like 'migrations%'`.execute(db);
    expect(rows.length).toBeGreaterThan(30);
    const undocumented = rows.filter(({ name, comment }) => {
      return comment === '' || !docs.includes(`| \`${name}\` | ${comment} |`);
    });
    expect(undocumented).toEqual([]);
  });
});

describe('the registry in the DCDB', () => {
  beforeEach(async () => {
    await migrateDcdb(db);
    await sql`delete from proxies`.execute(db);
    await sql`delete from namespaces`.execute(db);
  });

  test('holds what was registered, watched only', async () => {
    expect(await registerProxies(db, [shop2, shop1])).toEqual({ created: 2, updated: 0, unchanged: 0 });
    const records = await fetchProxyRecords(db);
    expect(records.map(({ registration }) => registration)).toEqual([shop1, shop2]);
    expect(records[0]).toMatchObject({
      managed: false,
      state: 'registered',
      labels: {},
      region: '',
      zone: '',
      revision: 1,
    });
    expect((await fetchNamespaces(db)).map(({ name }) => name)).toEqual(['shop']);
  });

  test('changes only what is different, and keeps what else is known of a proxy', async () => {
    await registerProxies(db, [shop1, shop2]);
    await sql`update proxies set managed = 1, state = 'online', labels = '{"tier":"gold"}' where id = 'shop-2'`.execute(
      db,
    );
    const { trafficHost: _, ...moved } = { ...shop2, adminHost: '10.0.0.9' };
    expect(await registerProxies(db, [shop1, moved])).toEqual({ created: 0, updated: 1, unchanged: 1 });
    const [first, second] = await fetchProxyRecords(db);
    expect(first?.revision).toBe(1);
    expect(second).toMatchObject({
      registration: moved,
      managed: true,
      state: 'online',
      labels: { tier: 'gold' },
      revision: 2,
    });
    expect(second?.registration).not.toHaveProperty('trafficHost');
  });

  test('tells ids apart by case, and takes any text', async () => {
    const names = ['Shop-1', 'shop-1', "it's \\ ok 🐬"];
    await registerProxies(
      db,
      names.map((id) => ({ ...shop1, id })),
    );
    expect(new Set((await fetchProxyRecords(db)).map(({ registration }) => registration.id))).toEqual(new Set(names));
  });

  test('moves its revision with changes only', async () => {
    await registerProxies(db, [shop1]);
    const { source, revision } = await fetchRegistryEdition(db);
    await registerProxies(db, [shop1]);
    expect(await fetchRegistryEdition(db)).toEqual({ source, revision, proxies: [shop1] });
    await registerProxies(db, [{ ...shop1, adminPort: 6132 }]);
    expect((await fetchRegistryEdition(db)).revision).toBe(revision + 1);
  });

  test('leaves paused and retired proxies out of what is published', async () => {
    await registerProxies(db, [shop1, shop2, { ...shop1, id: 'shop-3' }]);
    await sql`update proxies set state = 'paused' where id = 'shop-1'`.execute(db);
    await sql`update proxies set state = 'retired' where id = 'shop-3'`.execute(db);
    expect((await fetchRegistryEdition(db)).proxies).toEqual([shop2]);
  });

  test('takes registrations from several places at once', async () => {
    const batch = Array.from({ length: 40 }, (_, i) => ({ ...shop1, id: `p-${i}`, namespace: `ns-${i % 3}` }));
    const outcomes = await Promise.all(
      [batch, batch.toReversed(), batch].map((proxies) => registerProxies(db, proxies)),
    );
    expect(outcomes.map(({ created }) => created).toSorted((a, b) => a - b)).toEqual([0, 0, 40]);
  });

  test('takes all of a registration or nothing', async () => {
    const wrong = { ...shop2, adminPort: 70_000 };
    await expect(registerProxies(db, [shop1, wrong])).rejects.toThrow(/admin_port/);
    expect(await fetchProxyRecords(db)).toEqual([]);
    expect(await fetchNamespaces(db)).toEqual([]);
  });

  test('refuses a state that is none, and to drop a namespace that has proxies', async () => {
    await registerProxies(db, [shop1]);
    await expect(sql`update proxies set state = 'asleep'`.execute(db)).rejects.toThrow(/known_state/);
    await expect(sql`delete from namespaces`.execute(db)).rejects.toThrow(/foreign key/);
  });

  test('describes namespaces, its revision rising with changes only', async () => {
    await registerProxies(db, [shop1]);
    const wanted = { name: 'shop', description: 'the web shop', owner: 'team-a', tags: ['gold', 'eu'] };
    await registerNamespace(db, wanted);
    await registerNamespace(db, wanted);
    expect(await fetchNamespaces(db)).toEqual([
      {
        ...wanted,
        online: true,
        readOnly: false,
        revision: 2,
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
      },
    ]);
  });

  test('keeps time in UTC', async () => {
    await registerProxies(db, [shop1]);
    const [record] = await fetchProxyRecords(db);
    const { rows } = await sql<{ now: number }>`select unix_timestamp(created_at) as now from proxies`.execute(db);
    expect(Math.floor((record?.createdAt.getTime() ?? 0) / 1000)).toBe(Math.floor(Number(rows[0]?.now)));
  });

  test('says that a value in it is damaged', async () => {
    await registerProxies(db, [shop1]);
    await sql`update proxies set labels = '["x"]'`.execute(db);
    const error = await fetchProxyRecords(db).catch((caught: unknown) => caught);
    expect(errorCodeOf(error)).toBe('RECORD_DAMAGED');
  });
});

describe('what callers bring about', () => {
  test('is a conflict or an invalid request, not a failure of ours', async () => {
    const [binding, account] = [
      () => db.selectFrom('role_bindings').select('id').where('id', '=', '🦊').execute(),
      () =>
        db
          .insertInto('alert_rules')
          .values({
            id: 'x',
            namespace: 'gone',
            name: 'a',
            query: 'up',
            labels: '{}',
            annotations: '{}',
            created_by: 'a',
          })
          .execute(),
    ];
    await expect(accessDcdb(binding)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(accessDcdb(account)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a DCDB that fails', () => {
  const codeOf = async (action: Promise<unknown>) => errorCodeOf(await action.catch((error: unknown) => error));

  test('is unavailable when nothing listens, the password is wrong or the database is missing', async () => {
    for (const url of [
      'mysql://u:p@127.0.0.1:1/proxywatch',
      server.url.replace(':proxywatch@', ':wrong@'),
      server.url.replace(/\/proxywatch$/, '/missing'),
    ]) {
      const client = createDcdb(url);
      expect(await codeOf(fetchProxyRecords(client))).toBe('STORE_UNAVAILABLE');
      await client.destroy();
    }
  });

  test('is unavailable when it accepts and never answers', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const client = createDcdb(`mysql://u:p@127.0.0.1:${address.port}/proxywatch`, { connectTimeoutMs: 100 });
    expect(await codeOf(fetchProxyRecords(client))).toBe('STORE_UNAVAILABLE');
    await client.destroy();
    mute.close();
  });

  test('gives a statement only so long, and goes on with a new connection', async () => {
    const client = createDcdb(server.url, { maxConnections: 1, queryTimeoutMs: 300 });
    await expect(sql`select sleep(20)`.execute(client)).rejects.toThrow();
    expect((await sql<{ one: number }>`select 1 as one`.execute(client)).rows).toEqual([{ one: 1 }]);
    await client.destroy();
  });

  test('gives up a statement that is never answered, and its connection with it', async () => {
    let asked = 0;
    const isAnswered = (text: string) => text.startsWith('set session') || ++asked > 1;
    const hung = await startFakeMysql((text) =>
      isAnswered(text) ? Promise.resolve({ ok: true }) : new Promise(() => {}),
    );
    const options = { maxConnections: 1, queryTimeoutMs: 200 };
    const client = createDcdb(`mysql://u:p@127.0.0.1:${hung.port}/proxywatch`, options);
    await expect(sql`do 1`.execute(client)).rejects.toThrow('the statement did not end within 200 ms');
    await sql`do 1`.execute(client);
    expect(hung.seen.filter((text) => text.startsWith('set session'))).toHaveLength(2);
    await client.destroy();
    await hung.stop();
  });

  test('lets a caller wait for a connection only so long', async () => {
    const client = createDcdb(server.url, { maxConnections: 1, maxWaiting: 1, acquireTimeoutMs: 100 });
    const gate = Promise.withResolvers<void>();
    const holder = client.connection().execute(() => gate.promise);
    await expect(sql`select 1`.execute(client)).rejects.toThrow('no free connection within 100 ms');
    gate.resolve();
    await holder;
    expect((await sql<{ one: number }>`select 1 as one`.execute(client)).rows).toEqual([{ one: 1 }]);
    await client.destroy();
  });

  test('is strict about what it stores, with every connection in UTC', async () => {
    const { rows } = await sql<{ zone: string; mode: string }>`
      select @@session.time_zone as zone, @@session.sql_mode as mode`.execute(db);
    expect(rows[0]?.zone).toBe('+00:00');
    expect(rows[0]?.mode).toContain('STRICT_ALL_TABLES');
    await expect(sql`insert into namespaces (name, tags) values (repeat('x', 200), '[]')`.execute(db)).rejects.toThrow(
      /too long/,
    );
  });

  test('is refused when its URL is none, without repeating it', () => {
    expect(() => createDcdb('mysql://u:hunter2@/')).toThrow(
      /^1 problem in the DCDB URL\n {2}DCDB_URL: is no URL, expected/,
    );
  });
});
