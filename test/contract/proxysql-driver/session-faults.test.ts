import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ProxySession } from '../../../layers/core/src/ports/proxy-driver.ts';
import { type Answer, type FakeAdmin, healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { packet } from '../../support/mysql-packets.ts';
import { fc } from '../../support/properties.ts';
import { type OpenOptions, openSession } from '../../support/proxysql-session.ts';
import { until } from '../../support/until.ts';

let admin: FakeAdmin;
let session: ProxySession;

afterEach(async () => {
  await session.close();
  await admin.allGone();
  await admin.close();
});

/** A session with a proxy that is in good health until it is asked for digests. */
async function sessionWith(onDigests: Answer, options: OpenOptions = {}): Promise<void> {
  const healthy = healthyAnswers();
  const isDigests = (statement: string) => statement.includes('COUNT(*)');
  admin = await startFakeAdmin({
    answer: (statement, exchange) => (isDigests(statement) ? onDigests : healthy)(statement, exchange),
  });
  session = await openSession(admin.port, options);
}

const withCode = (code: string) => expect.objectContaining({ code, message: expect.stringMatching(/^proxy px1: ./) });
const never: Answer = () => undefined;

describe('a session whose proxy', () => {
  test('never answers ends the statement at its time limit, and the connection with it', async () => {
    await sessionWith(never, { statementTimeoutMs: 100 });
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_TIMEOUT'));
    expect(session.closed).toBe(true);
    await admin.allGone();
    await expect(session.fetchStatus()).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
  });

  test('dies in the middle of a result', async () => {
    await sessionWith((_statement, { socket }) => {
      socket.write(Buffer.concat([packet(1, [1]), packet(2, 'half a col').subarray(0, 9)]), () => socket.destroy());
    });
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
    expect(session.closed).toBe(true);
  });

  test('trickles a result that never ends', async () => {
    await sessionWith(
      (_statement, { socket }) => {
        const trickle = setInterval(() => socket.write(packet(1, [1]).subarray(0, 1)), 10);
        socket.on('close', () => clearInterval(trickle));
      },
      { statementTimeoutMs: 200 },
    );
    await expect(session.fetchDigests({})).rejects.toEqual(
      expect.objectContaining({ code: expect.stringMatching(/^PROXY_(TIMEOUT|PROTOCOL)$/) }),
    );
    expect(session.closed).toBe(true);
  });

  test('answers any garbage', async () => {
    // mysql2 would print a stack for some of it before it throws.
    const printed = jest.spyOn(console, 'trace').mockImplementation(() => undefined);
    let garbage = new Uint8Array();
    const healthy = healthyAnswers();
    admin = await startFakeAdmin({
      answer(statement, exchange) {
        if (statement.includes('COUNT(*)')) exchange.socket.end(garbage);
        else healthy(statement, exchange);
      },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 })), async (payloads) => {
        garbage = Buffer.concat(payloads.map((payload, i) => packet(i + 1, Buffer.from(payload))));
        session = await openSession(admin.port);
        await expect(session.fetchDigests({})).rejects.toEqual(
          expect.objectContaining({ code: expect.stringMatching(/^PROXY_(PROTOCOL|UNREACHABLE|STATEMENT)$/) }),
        );
        await session.close();
      }),
      { numRuns: 50 },
    );
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  test('answers with a malformed row is not asked again on that connection', async () => {
    const cells = ['1795342108', '62', '1', '1', '1', '1', '1', '1795342000', '10|zz|||0x1\x1f1'];
    await sessionWith((_statement, exchange) => exchange.rows([...cells.keys()].map(String), [cells]));
    await expect(session.fetchDigests({})).rejects.toEqual(
      expect.objectContaining({ code: 'PROXY_PROTOCOL', message: expect.stringContaining('digest key "10|zz|||0x1') }),
    );
    expect(session.closed).toBe(true);
  });

  test('answers OK instead of rows', async () => {
    await sessionWith((_statement, { socket }) => socket.write(packet(1, [0, 0, 0, 2, 0, 0, 0])));
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_PROTOCOL'));
  });

  test('refuses a statement goes on with the next', async () => {
    await sessionWith((_statement, exchange) => exchange.error('ProxySQL Admin Error: no such column: sum_time'));
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_STATEMENT'));
    expect(session.closed).toBe(false);
    expect(await session.fetchStatus()).toMatchObject({ uptimeS: 62 });
  });

  test('hangs up between two statements is seen to have done so', async () => {
    await sessionWith((_statement, { rows, socket }) => {
      rows([...'012345678'], [['1', '1', '0', null, null, null, null, null, null]]);
      socket.end();
    });
    await session.fetchDigests({});
    await until('the session is closed', () => session.closed);
    await expect(session.fetchDigests({})).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
  });
});

describe('a session whose caller', () => {
  test('gives up a running call is closed, since the rest of the answer may still come', async () => {
    const giveUp = new AbortController();
    await sessionWith(() => giveUp.abort());
    await expect(session.fetchDigests({}, giveUp.signal)).rejects.toEqual(withCode('CANCELLED'));
    expect(session.closed).toBe(true);
  });

  test('runs out of time tells a time-out', async () => {
    await sessionWith(never);
    await expect(session.fetchDigests({}, AbortSignal.timeout(50))).rejects.toEqual(withCode('PROXY_TIMEOUT'));
  });

  test('gives up a waiting call goes on, and that call was never sent', async () => {
    const held: (() => void)[] = [];
    const healthy = healthyAnswers();
    await sessionWith((statement, exchange) => held.push(() => healthy(statement, exchange)));
    const running = session.fetchDigests({});
    const giveUp = new AbortController();
    const waiting = session.fetchDigestTexts(['0x1'], giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toEqual(withCode('CANCELLED'));
    await until('the statement has arrived', () => held.length === 1);
    held[0]?.();
    expect(await running).toMatchObject({ tableRows: 0 });
    expect(session.closed).toBe(false);
    expect(admin.statements.some((statement) => statement.includes('digest IN'))).toBe(false);
  });

  test('asks for too much at once is told so, and nothing is lost', async () => {
    const held: (() => void)[] = [];
    const healthy = healthyAnswers();
    await sessionWith((statement, exchange) => held.push(() => healthy(statement, exchange)), { maxWaitingCalls: 1 });
    const running = session.fetchDigests({});
    const waiting = session.fetchStatus();
    await expect(session.fetchStatus()).rejects.toEqual(withCode('PROXY_BUSY'));
    await until('the statement has arrived', () => held.length === 1);
    held[0]?.();
    await running;
    expect(await waiting).toMatchObject({ uptimeS: 62 });
  });

  test('sends one statement at a time, however many calls there are', async () => {
    let running = 0;
    const healthy = healthyAnswers();
    await sessionWith((statement, exchange) => {
      expect(++running).toBe(1);
      setImmediate(() => {
        running--;
        healthy(statement, exchange);
      });
    });
    const reads = await Promise.all(Array.from({ length: 10 }, () => session.fetchDigests({})));
    expect(reads.map(({ uptimeS }) => uptimeS)).toEqual(Array(10).fill(62));
  });
});

describe('closing a session', () => {
  test('ends a running call and those that wait, and can be done twice', async () => {
    await sessionWith(never);
    const running = session.fetchDigests({});
    const waiting = session.fetchStatus();
    const outcomes = Promise.allSettled([running, waiting]);
    await Promise.all([session.close(), session.close()]);
    const reasons = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));
    expect(reasons).toEqual([withCode('CANCELLED'), withCode('PROXY_UNREACHABLE')]);
    await admin.allGone();
  });

  test('says good-bye and leaves nothing to be called', async () => {
    await sessionWith(never);
    await session.close();
    expect(session.closed).toBe(true);
    await expect(session.fetchStatus()).rejects.toEqual(withCode('PROXY_UNREACHABLE'));
    expect(admin.quits()).toBe(1);
  });

  test('does not wait for a proxy that never hangs up', async () => {
    const healthy = healthyAnswers();
    admin = await startFakeAdmin({ answer: healthy, ignoresQuit: true });
    session = await openSession(admin.port, { closeTimeoutMs: 50 });
    await session.close();
    await admin.allGone();
  });
});
