import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { arnOf } from '../../support/fake-secrets-manager.ts';
import { type MemorySecrets, memorySecrets } from '../../support/memory-secrets.ts';

const ARN = arnOf('rds!cluster');

let server: MariadbService;
let admin: Dcdb;
let secrets: MemorySecrets;
beforeAll(async () => {
  server = await startMariadb();
  admin = createDcdb(server.adminUrl);
});
afterAll(async () => {
  await admin?.destroy();
  await server?.stop();
});
beforeEach(async () => {
  await changePassword('first');
  secrets = memorySecrets({ [ARN]: secretOf('first') });
});

function open(options = {}): Dcdb {
  const settings = { DCDB_URL: `mysql://127.0.0.1:${server.port}/proxywatch`, DCDB_SECRET_ARN: ARN };
  return openDcdb(settings, secrets, options);
}

async function changePassword(password: string): Promise<void> {
  await sql`create or replace user rotating@'127.0.0.1' identified by ${sql.lit(password)}`.execute(admin);
  await sql`grant all on proxywatch.* to rotating@'127.0.0.1'`.execute(admin);
}

/** With what RDS writes beside it. */
function secretOf(password: string, username = 'rotating'): string {
  return JSON.stringify({ username, password, engine: 'mysql' });
}

async function userOf(db: Dcdb): Promise<string | undefined> {
  return (await sql<{ user: string }>`select current_user() as user`.execute(db)).rows[0]?.user;
}

/** As many connections at once. */
async function askAtOnce(db: Dcdb, count: number): Promise<void> {
  const gate = Promise.withResolvers<void>();
  let open = 0;
  const all = Array.from({ length: count }, () =>
    db.connection().execute(async (connection) => {
      await sql`select 1`.execute(connection);
      open += 1;
      if (open === count) gate.resolve();
      await gate.promise;
    }),
  );
  // One that fails must not keep the others open.
  await Promise.all(all).catch((error: unknown) => {
    gate.resolve();
    throw error;
  });
}

describe('a DCDB whose login stands in a secret', () => {
  test('is logged in to at the first statement, the secret fetched once for all connections', async () => {
    const db = open();
    expect(secrets.asked).toEqual([]);
    await askAtOnce(db, 4);
    expect(await userOf(db)).toBe('rotating@127.0.0.1');
    expect(secrets.asked).toEqual([ARN]);
    await db.destroy();
  });

  test('goes on after a rotation: open connections stay, new ones have the new password', async () => {
    const db = open({ maxConnections: 5 });
    await db.connection().execute(async (held) => {
      await sql`select 1`.execute(held);
      await changePassword('second');
      secrets.texts.set(ARN, secretOf('second'));
      await askAtOnce(db, 4);
      expect((await sql<{ one: number }>`select 1 as one`.execute(held)).rows).toEqual([{ one: 1 }]);
    });
    // Four were refused at once, and asked once.
    expect(secrets.asked).toEqual([ARN, ARN]);
    await db.destroy();
  });

  test('takes another user too', async () => {
    const db = open();
    await userOf(db);
    await sql`create or replace user clone@'127.0.0.1' identified by 'third'`.execute(admin);
    await sql`grant all on proxywatch.* to clone@'127.0.0.1'`.execute(admin);
    await changePassword('gone');
    secrets.texts.set(ARN, secretOf('third', 'clone'));
    await askAtOnce(db, 2);
    await db.destroy();
    await sql`drop user clone@'127.0.0.1'`.execute(admin);
  });

  test('is unavailable while the secret is behind, asked for once by each attempt, and recovers with it', async () => {
    await changePassword('hunter2');
    const db = open();
    const denied = /Access denied for user 'rotating'/;
    await expect(userOf(db)).rejects.toThrow(denied);
    expect(secrets.asked).toHaveLength(2);
    await expect(userOf(db)).rejects.toThrow(denied);
    expect(secrets.asked).toHaveLength(3);
    secrets.texts.set(ARN, secretOf('hunter2'));
    expect(await userOf(db)).toBe('rotating@127.0.0.1');
    await db.destroy();
  });

  test('is unavailable, without a word of the secret, when that cannot be read', async () => {
    const db = open();
    const unavailable = { code: 'STORE_UNAVAILABLE', service: 'dcdb' };
    secrets.failure = new ProxywatchError('SERVICE_UNREACHABLE', 'secrets are away');
    await expect(userOf(db)).rejects.toMatchObject(unavailable);
    secrets.failure = undefined;
    secrets.texts.set(ARN, '{"username":"u","password":"hunter2"');
    const error = await userOf(db).catch((caught: unknown) => caught);
    expect(error).toMatchObject(unavailable);
    expect(String(error)).not.toContain('hunter2');
    secrets.texts.set(ARN, secretOf('first'));
    expect(await userOf(db)).toBe('rotating@127.0.0.1');
    await db.destroy();
  });

  test('is no DCDB without a secret, nor with a user beside it', () => {
    expect(() => createDcdb('mysql://h/d')).toThrow('DCDB_URL: has no user, and there is no secret with one');
    const both = { DCDB_URL: 'mysql://u:hunter2@h/d', DCDB_SECRET_ARN: ARN };
    expect(() => openDcdb(both, secrets)).toThrow('DCDB_URL: has a user, and there is a secret with one');
  });
});

describe('a DCDB that is ended while a connection is being opened', () => {
  test('fails nobody, though that connection does', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const limits = { acquireTimeoutMs: 50, connectTimeoutMs: 200 };
    const db = createDcdb(`mysql://u:p@127.0.0.1:${address.port}/proxywatch`, limits);
    await expect(userOf(db)).rejects.toThrow('no free connection within 50 ms');
    await expect(db.destroy()).resolves.toBeUndefined();
    mute.close();
  });
});
