import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  BackendConnection,
  ConnectionLost,
} from '../../../../../../../infra/local/lab/traffic-port/backend/backend-connection.ts';
import {
  eofPacket,
  errorPacket,
  lengthEncodedText,
  okPacket,
  packet,
} from '../../../../../../../infra/local/lab/traffic-port/wire/packets.ts';
import { fc } from '../../../../../../support/properties.ts';

const QUERY = Buffer.from('\x03SELECT 1');
const INTERRUPTED = { errno: 1317, sqlState: '70100', message: 'Query execution was interrupted' };
const HEADER = [packet(1, Buffer.of(1)), packet(2, Buffer.from('a column definition')), eofPacket(3, 2)];
const ROWS = [packet(4, lengthEncodedText('one')), packet(5, lengthEncodedText('two'))];

/** A connection whose back end says what the test makes it say. */
function connected() {
  const sent: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
    },
  });
  const connection = new BackendConnection({ socket: socket as unknown as Socket, threadId: 7 });
  return { connection, sent, say: (bytes: Buffer) => socket.emit('data', bytes), hangUp: () => socket.destroy() };
}

function inPieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

describe('a connection to a back end', () => {
  test('passes an answer on byte by byte', async () => {
    const answer = Buffer.concat([...HEADER, ...ROWS, eofPacket(6, 3)]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
        const { connection, say } = connected();
        const passed: Buffer[] = [];
        const done = connection.run(QUERY, 'result', (chunk) => passed.push(chunk) > 0);
        for (const piece of inPieces(answer, cuts)) say(piece);
        expect(await done).toMatchObject({ rowsSent: 2, statusFlags: 3, error: undefined });
        expect(Buffer.concat(passed).equals(answer)).toBe(true);
        expect(connection.inTransaction).toBe(true);
      }),
    );
  });

  test('keeps an error back, wherever it comes and however it is cut', async () => {
    const before = [[], HEADER, [...HEADER, ...ROWS]].map((packets) => Buffer.concat(packets));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...before), fc.array(fc.nat()), async (good, cuts) => {
        const { connection, say } = connected();
        const passed: Buffer[] = [];
        const done = connection.run(QUERY, 'result', (chunk) => passed.push(chunk) > 0);
        for (const piece of inPieces(Buffer.concat([good, errorPacket(6, INTERRUPTED)]), cuts)) say(piece);
        expect(await done).toMatchObject({ error: INTERRUPTED, errorSequence: 6 });
        expect(Buffer.concat(passed).equals(good)).toBe(true);
      }),
    );
  });

  test('stays in its transaction after an error, which tells nothing about it', async () => {
    const { connection, say } = connected();
    const begun = connection.run(QUERY);
    say(okPacket(1, 3));
    await begun;
    const failed = connection.run(QUERY);
    say(errorPacket(1, INTERRUPTED));
    await failed;
    expect(connection.inTransaction).toBe(true);
  });

  test('is lost when the back end hangs up during an answer, and tells so', async () => {
    const { connection, say, hangUp } = connected();
    let lost = false;
    connection.onLost(() => {
      lost = true;
    });
    const done = connection.run(QUERY);
    say(Buffer.concat(HEADER));
    hangUp();
    await expect(done).rejects.toBeInstanceOf(ConnectionLost);
    expect(lost).toBe(true);
    await expect(connection.run(QUERY)).rejects.toBeInstanceOf(ConnectionLost);
  });

  test('is closed when the back end speaks unasked', () => {
    const { connection, say } = connected();
    say(errorPacket(1, INTERRUPTED));
    expect(connection.alive).toBe(false);
  });
});
