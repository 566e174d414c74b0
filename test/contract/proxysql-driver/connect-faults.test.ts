import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type FakeAdmin, healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { errorPacket, greeting, packet } from '../../support/mysql-packets.ts';
import { fc } from '../../support/properties.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';

let server: RawServer | FakeAdmin | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(onConnection: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const started = await startRawServer(onConnection);
  server = started;
  return started;
}

const withCode = (code: string) => expect.objectContaining({ code, message: expect.stringMatching(/^proxy px1: ./) });

describe('connecting to a proxy', () => {
  test('that refuses connections', async () => {
    const gone = await startRawServer(() => undefined);
    await gone.close();
    await expect(openSession(gone.port)).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
  });

  test('whose name is unknown', async () => {
    await expect(openSession(1, { host: 'no-such-host.invalid' })).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
  });

  test('that accepts and never answers', async () => {
    const silent = await serving(() => undefined);
    await expect(openSession(silent.port, { timeoutMs: 100 })).rejects.toEqual(withCode('PROXY_TIMEOUT'));
    await silent.allGone();
  });

  test('that greets and then never answers the log-in', async () => {
    const silent = await serving((socket) => socket.write(greeting()));
    await expect(openSession(silent.port, { timeoutMs: 100 })).rejects.toEqual(withCode('PROXY_TIMEOUT'));
    await silent.allGone();
  });

  test('that logs in and never answers a statement', async () => {
    const silent = await startFakeAdmin({ answer: () => undefined });
    server = silent;
    await expect(openSession(silent.port, { timeoutMs: 200 })).rejects.toEqual(withCode('PROXY_TIMEOUT'));
    await silent.allGone();
  });

  test('that trickles its greeting, a byte at a time', async () => {
    const slow = await serving((socket) => {
      const bytes = greeting();
      let at = 0;
      const trickle = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20);
      socket.on('close', () => clearInterval(trickle));
    });
    await expect(openSession(slow.port, { timeoutMs: 200 })).rejects.toEqual(withCode('PROXY_TIMEOUT'));
    await slow.allGone();
  });

  test('that hangs up at once', async () => {
    const rude = await serving((socket) => socket.destroy());
    await expect(openSession(rude.port)).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
  });

  test('that has too many connections', async () => {
    const full = await serving((socket) => socket.end(errorPacket(0, 1040, 'Too many connections')));
    await expect(openSession(full.port)).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
    await full.allGone();
  });

  test.each([
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(4))],
    ['zeros', Buffer.alloc(64)],
    ['an empty packet', packet(0)],
    ['a greeting cut short', packet(0, greeting().subarray(4, 20))],
    ['a packet out of order', packet(7, greeting().subarray(4))],
    ['an answer without a question', Buffer.concat([greeting(), packet(1, [0xfb, 1, 2]), packet(2, 'more')])],
  ])('that answers %s, with nothing printed to the console', async (_what, bytes) => {
    const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const strange = await serving((socket) => socket.end(bytes));
    await expect(openSession(strange.port, { timeoutMs: 2_000 })).rejects.toEqual(
      expect.objectContaining({ code: expect.stringMatching(/^PROXY_(PROTOCOL|UNREACHABLE)$/) }),
    );
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    await strange.allGone();
  });

  test('that answers any garbage, before or after its greeting', async () => {
    // mysql2 would print a stack for some of it before it throws.
    const printed = jest.spyOn(console, 'trace').mockImplementation(() => undefined);
    let garbage = new Uint8Array();
    const strange = await serving((socket) => socket.end(garbage));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(fc.uint8Array({ maxLength: 60 })), async (greets, payloads) => {
        const packets = payloads.map((payload, i) => packet(greets ? i + 2 : i, Buffer.from(payload)));
        garbage = Buffer.concat(greets ? [greeting(), ...packets] : packets);
        await expect(openSession(strange.port, { timeoutMs: 2_000 })).rejects.toEqual(
          expect.objectContaining({ code: expect.stringMatching(/^PROXY_/) }),
        );
      }),
      { numRuns: 60 },
    );
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    await strange.allGone();
  });

  test('with a wrong password, which no error shows', async () => {
    const admin = await startFakeAdmin({ answer: healthyAnswers() });
    server = admin;
    const credential = { user: 'stats', password: 'hunter2-secret' };
    const error: unknown = await openSession(admin.port, { credential }).catch((reason: unknown) => reason);
    expect(error).toEqual(withCode('PROXY_ACCESS_DENIED'));
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hunter2');
    expect(JSON.stringify(error)).not.toContain('hunter2');
    await admin.allGone();
  });

  test('is given up when its caller gives up, before and while it goes on', async () => {
    const silent = await serving(() => giveUp.abort());
    const giveUp = new AbortController();
    await expect(openSession(silent.port, { signal: AbortSignal.abort() })).rejects.toEqual(withCode('CANCELLED'));
    await expect(openSession(silent.port, { signal: giveUp.signal })).rejects.toEqual(withCode('CANCELLED'));
    await silent.allGone();
  });

  test('of an unheard-of version without most tables works, with what there is', async () => {
    const missing = ['stats_mysql_query_digest', 'stats_mysql_users', 'stats_mysql_query_events'];
    const admin = await startFakeAdmin({ answer: healthyAnswers({ version: 'banana', missing }) });
    server = admin;
    const session = await openSession(admin.port);
    expect(session.capabilities).toMatchObject({ version: 'banana', digests: false, users: false, backends: true });
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_UNSUPPORTED'));
    await expect(session.fetchDigestTexts(['0x1'])).rejects.toThrow('no such table: stats_mysql_query_digest');
    expect(await session.fetchStatus()).toMatchObject({ version: 'banana', uptimeS: 62, users: [] });
    expect(session.closed).toBe(false);
    await session.close();
    await admin.allGone();
  });

  test('sends nothing but its log-in and the questions for capabilities', async () => {
    const admin = await startFakeAdmin({ answer: healthyAnswers() });
    server = admin;
    const session = await openSession(admin.port);
    expect(admin.statements[0]).toBe('SELECT @@version');
    expect(admin.statements.slice(1).every((statement) => statement.endsWith('WHERE 1=0'))).toBe(true);
    expect(admin.otherCommands).toEqual([]);
    await session.close();
  });
});
