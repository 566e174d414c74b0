import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { errorPacket, greeting, okPacket } from '../../support/mysql-packets.ts';
import { type OpenOptions, openSession } from '../../support/proxysql-session.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/tls-fixture.ts';

const SSL_REQUEST_BYTES = 36;
const toLocalhost: OpenOptions = { host: 'localhost', adminTls: true, tls: { ca: TEST_CERTIFICATE } };

let server: RawServer | undefined;
let loggedInOverTls = 0;

afterEach(async () => {
  await server?.close();
  server = undefined;
  loggedInOverTls = 0;
});

/** Greets, takes the request for TLS, then any log-in; refuses every statement, which makes all capabilities false. */
function serveTls(socket: Socket): void {
  socket.pause();
  socket.write(greeting({ tls: true }));
  socket.once('readable', () => {
    socket.read(SSL_REQUEST_BYTES);
    const secure = new TLSSocket(socket, { isServer: true, key: TEST_KEY, cert: TEST_CERTIFICATE });
    secure.on('error', () => socket.destroy());
    secure.once('data', () => {
      loggedInOverTls++;
      secure.write(okPacket(3));
      secure.on('data', () => secure.write(errorPacket(1, 1045, 'ProxySQL Admin Error: no such table: any')));
    });
  });
}

test('a proxy with TLS is logged in to through TLS, and can be left', async () => {
  server = await startRawServer(serveTls);
  const session = await openSession(server.port, { ...toLocalhost, closeTimeoutMs: 50 });
  expect(loggedInOverTls).toBe(1);
  expect(session.capabilities).toMatchObject({ version: 'unknown', digests: false });
  await session.close();
  await server.allGone();
});

test.each([
  ['an authority that nobody knows', { host: 'localhost', adminTls: true }],
  // A name, to everybody but the resolver, that leads to this machine.
  ['another name', { ...toLocalhost, host: '127.1' }],
])('a certificate of %s ends the connection before any password is sent', async (_what, options) => {
  server = await startRawServer(serveTls);
  await expect(openSession(server.port, options)).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE' });
  expect(loggedInOverTls).toBe(0);
  await server.allGone();
});

test('a proxy that offers no TLS is not logged in to without it', async () => {
  const admin = await startFakeAdmin({ answer: healthyAnswers() });
  await expect(openSession(admin.port, { adminTls: true })).rejects.toMatchObject({ code: 'PROXY_UNSUPPORTED' });
  await admin.allGone();
  await admin.close();
});

test('a proxy that stops in the middle of the TLS handshake is given up in time', async () => {
  server = await startRawServer((socket) => socket.write(greeting({ tls: true })));
  await expect(openSession(server.port, { ...toLocalhost, timeoutMs: 150 })).rejects.toMatchObject({
    code: 'PROXY_TIMEOUT',
  });
  await server.allGone();
});
