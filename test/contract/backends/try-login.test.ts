import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type LoginOptions, type LoginTarget, tryLogin } from '@proxywatch/core/drivers/backends/try-login';
import { tryLogins } from '@proxywatch/core/drivers/backends/try-logins';
import { createConnection } from 'mysql2/promise';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';
import { until } from '../../support/until.ts';

const AMPLE: LoginOptions = { timeoutMs: 30_000 };
const ALICE = { user: 'alice', password: "o'Brien \\ \u{1f511}" };

let server: MariadbService;
let target: LoginTarget;
let raw: RawServer | undefined;

beforeAll(async () => {
  server = await startMariadb();
  target = { host: '127.0.0.1', port: server.port, useTls: false };
  const admin = await createConnection(server.adminUrl);
  await admin.query('CREATE USER alice IDENTIFIED BY ?', [ALICE.password]);
  await admin.query("CREATE USER locked IDENTIFIED BY 'x' ACCOUNT LOCK");
  await admin.end();
});
afterEach(async () => {
  await raw?.close();
  raw = undefined;
});
afterAll(() => server?.stop());

describe('logging in to a server', () => {
  test('is accepted with the right password, and leaves no connection behind', async () => {
    expect(await tryLogin(target, ALICE, AMPLE)).toEqual({ kind: 'accepted' });
    const admin = await createConnection(server.adminUrl);
    await until('the server has no session of alice', async () => {
      const [rows] = await admin.query("SELECT id FROM information_schema.processlist WHERE user = 'alice'");
      return Array.isArray(rows) && rows.length === 0;
    });
    await admin.end();
  });

  test('may run a statement too', async () => {
    expect(await tryLogin(target, ALICE, { ...AMPLE, runStatement: true })).toEqual({ kind: 'accepted' });
  });

  test.each([
    ['another password', { ...ALICE, password: 'wrong' }, 1045, '28000'],
    ['no such user', { user: 'nobody', password: 'x' }, 1045, '28000'],
    ['a locked user', { user: 'locked', password: 'x' }, 4151, 'HY000'],
  ])("is refused with the server's own code for %s", async (_, credential, errno, sqlState) => {
    expect(await tryLogin(target, credential, AMPLE)).toEqual({ kind: 'refused', stage: 'log-in', errno, sqlState });
  });

  test('fails where nobody listens', async () => {
    const nobody = { ...target, port: await pickFreePort() };
    expect(await tryLogin(nobody, ALICE, AMPLE)).toEqual({ kind: 'failed', stage: 'log-in', reason: 'unreachable' });
  });

  test('fails where TLS is wanted of a server that has none', async () => {
    const outcome = await tryLogin({ ...target, useTls: true }, ALICE, AMPLE);
    expect(outcome).toEqual({ kind: 'failed', stage: 'log-in', reason: 'unreachable' });
  });

  test('fails at something that is no MySQL server', async () => {
    raw = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const outcome = await tryLogin({ ...target, port: raw.port }, ALICE, AMPLE);
    expect(outcome).toMatchObject({ kind: 'failed', stage: 'log-in' });
  });

  test('ends at its time limit when the server is silent, and hangs up', async () => {
    raw = await startRawServer(() => undefined);
    const outcome = await tryLogin({ ...target, port: raw.port }, ALICE, { timeoutMs: 50 });
    expect(outcome).toEqual({ kind: 'failed', stage: 'log-in', reason: 'timeout' });
    await raw.allGone();
  });

  test('is given up with the caller, and hangs up', async () => {
    const caller = new AbortController();
    raw = await startRawServer(() => caller.abort());
    const attempt = tryLogin({ ...target, port: raw.port }, ALICE, { ...AMPLE, signal: caller.signal });
    await expect(attempt).rejects.toMatchObject({ code: 'CANCELLED' });
    await raw.allGone();
  });

  test('at many servers tells of each of them, in their order', async () => {
    const nobody = { ...target, port: await pickFreePort() };
    const targets = Array.from({ length: 40 }, (_, i) => (i === 17 ? nobody : target));
    const tried = await tryLogins(targets, ALICE, AMPLE);
    expect(tried.map(({ target: { port } }) => port)).toEqual(targets.map(({ port }) => port));
    expect(tried.filter(({ outcome }) => outcome.kind !== 'accepted').map(({ target }) => target)).toEqual([nobody]);
  });
});
