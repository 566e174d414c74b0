import { describe, expect, test } from '@jest/globals';
import { PacketSplitter } from '../../../../../../../infra/local/lab/traffic-port/wire/packet-splitter.ts';
import {
  eofPacket,
  errorPacket,
  lengthEncodedText,
  okPacket,
  oneValueResult,
  packet,
  STATUS_AUTOCOMMIT,
  STATUS_IN_TRANSACTION,
  STATUS_MORE_RESULTS,
} from '../../../../../../../infra/local/lab/traffic-port/wire/packets.ts';
import {
  type AnswerKind,
  ResponseReader,
} from '../../../../../../../infra/local/lab/traffic-port/wire/response-reader.ts';

function read(kind: AnswerKind, ...packets: readonly Buffer[]) {
  const reader = new ResponseReader(kind);
  const splitter = new PacketSplitter((head, length, sequence) => reader.onPacket(head, length, sequence), 4096);
  const doneAfter = packets.map((bytes) => {
    splitter.push(bytes);
    return reader.done;
  });
  return { answer: reader.answer(), doneAfter };
}

const error = { errno: 1062, sqlState: '23000', message: "Duplicate entry 'ü' for key 'PRIMARY'" };
const column = packet(2, Buffer.from('a column definition'));
const row = packet(4, lengthEncodedText('value'));

describe('an answer', () => {
  test('that is an OK tells its counts and status', () => {
    // affected rows 300 and insert id 70000, length-encoded; status 3; 2 warnings.
    const ok = packet(1, Buffer.from([0, 0xfc, 0x2c, 1, 0xfd, 0x70, 0x11, 1, 3, 0, 2, 0]));
    expect(read('result', ok)).toMatchObject({
      answer: { affectedRows: 300, insertId: 70_000, statusFlags: 3, warnings: 2, error: undefined },
      doneAfter: [true],
    });
  });

  test('that is an error tells it unchanged and carries no status', () => {
    const { answer, doneAfter } = read('result', errorPacket(1, error));
    expect(answer).toMatchObject({ error, statusFlags: undefined, rowsSent: 0 });
    expect(doneAfter).toEqual([true]);
  });

  test('with rows ends with the second EOF and counts the rows', () => {
    const { answer, doneAfter } = read(
      'result',
      packet(1, Buffer.of(1)),
      column,
      eofPacket(3, STATUS_AUTOCOMMIT),
      row,
      row,
      eofPacket(6, STATUS_AUTOCOMMIT | STATUS_IN_TRANSACTION),
    );
    expect(answer).toMatchObject({ rowsSent: 2, statusFlags: STATUS_AUTOCOMMIT | STATUS_IN_TRANSACTION });
    expect(doneAfter).toEqual([false, false, false, false, false, true]);
  });

  test('takes a row that starts like an EOF for a row', () => {
    // A value of 16 MB and more has the length mark 0xfe.
    const wide = packet(4, Buffer.concat([Buffer.of(0xfe), Buffer.alloc(20)]));
    const { answer, doneAfter } = read('result', packet(1, Buffer.of(1)), column, eofPacket(3, 2), wide);
    expect(answer.rowsSent).toBe(1);
    expect(doneAfter.at(-1)).toBe(false);
  });

  test('that fails in the middle of its rows is over', () => {
    const { answer, doneAfter } = read(
      'result',
      packet(1, Buffer.of(1)),
      column,
      eofPacket(3, 2),
      row,
      errorPacket(5, error),
    );
    expect(answer).toMatchObject({ rowsSent: 1, error, errorSequence: 5, errorBytes: errorPacket(5, error).length });
    expect(doneAfter.at(-1)).toBe(true);
  });

  test('with several results ends with the last', () => {
    const first = [packet(1, Buffer.of(1)), column, eofPacket(3, 2), row, eofPacket(5, STATUS_MORE_RESULTS | 2)];
    expect(read('result', ...first, okPacket(6)).doneAfter).toEqual([false, false, false, false, false, true]);
  });

  test('to a PREPARE ends after both lists of definitions', () => {
    const prepared = packet(1, Buffer.from([0, 7, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0]));
    const { answer, doneAfter } = read('prepared', prepared, column, column, eofPacket(4, 2), column, eofPacket(6, 2));
    expect(answer.prepared).toEqual({ statementId: 7, columns: 1, parameters: 2 });
    expect(doneAfter).toEqual([false, false, false, false, false, true]);
  });

  test('to a PREPARE without columns and parameters is one packet', () => {
    expect(read('prepared', packet(1, Buffer.from([0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))).doneAfter).toEqual([true]);
  });

  test("that the proxy makes itself reads like a back end's", () => {
    const { answer, doneAfter } = read('result', oneValueResult('@@version', '8.0.36', STATUS_AUTOCOMMIT));
    expect(answer).toMatchObject({ rowsSent: 1, statusFlags: STATUS_AUTOCOMMIT });
    expect(doneAfter).toEqual([true]);
  });
});
