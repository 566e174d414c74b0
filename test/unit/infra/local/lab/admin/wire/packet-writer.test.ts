import { describe, expect, test } from '@jest/globals';
import { MAX_PAYLOAD, PacketWriter } from '../../../../../../../infra/local/lab/admin/wire/packet-writer.ts';
import { fc } from '../../../../../../support/properties.ts';

interface Frame {
  readonly sequence: number;
  readonly payload: Buffer;
}

function framesOf(write: (writer: PacketWriter) => void, firstSequence = 1): Frame[] {
  const chunks: Buffer[] = [];
  const writer = new PacketWriter((chunk) => chunks.push(chunk), firstSequence);
  write(writer);
  writer.flush();
  const stream = Buffer.concat(chunks);
  const frames: Frame[] = [];
  for (let offset = 0; offset < stream.length; ) {
    const length = stream.readUIntLE(offset, 3);
    frames.push({ sequence: stream[offset + 3]!, payload: stream.subarray(offset + 4, offset + 4 + length) });
    offset += 4 + length;
  }
  return frames;
}

function readValues(payload: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  for (let offset = 0; offset < payload.length; ) {
    const marker = payload[offset++]!;
    if (marker === 0xfb) {
      values.push(null);
      continue;
    }
    const bytes = { 252: 2, 253: 3 }[marker] ?? 0;
    const length = bytes === 0 ? marker : payload.readUIntLE(offset, bytes);
    values.push(payload.toString('utf8', offset + bytes, offset + bytes + length));
    offset += bytes + length;
  }
  return values;
}

describe('a packet writer', () => {
  test('brings every row through, whatever its values', () => {
    const value = fc.option(fc.string({ unit: 'binary', maxLength: 400 }), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1 }), { maxLength: 20 }), (rows) => {
        const frames = framesOf((writer) => {
          for (const row of rows) writer.packet(() => row.forEach((cell) => void writer.value(cell)));
        });
        expect(frames.map(({ payload }) => readValues(payload))).toEqual(rows);
      }),
    );
  });

  test('sends bytes as they are', () => {
    const [frame] = framesOf((writer) => writer.packet(() => writer.value(Buffer.from([0xff, 0x00, 0x80]))));
    expect(frame?.payload).toEqual(Buffer.from([3, 0xff, 0x00, 0x80]));
  });

  test.each([
    ['just below the limit', MAX_PAYLOAD - 1, [MAX_PAYLOAD - 1]],
    ['exactly the limit', MAX_PAYLOAD, [MAX_PAYLOAD, 0]],
    ['twice the limit', 2 * MAX_PAYLOAD, [MAX_PAYLOAD, MAX_PAYLOAD, 0]],
    ['a little more than the limit', MAX_PAYLOAD + 5, [MAX_PAYLOAD, 5]],
  ])('splits a payload of %s', (_name, length, parts) => {
    const bytes = Buffer.alloc(length, 'x');
    const frames = framesOf((writer) => {
      writer.packet(() => writer.int(7, 1));
      writer.packet(() => writer.bytes(bytes));
      writer.packet(() => writer.int(9, 1));
    });
    expect(frames.map(({ payload }) => payload.length)).toEqual([1, ...parts, 1]);
    expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, i) => i + 1));
  });

  test('counts packets modulo 256, from where the command left off', () => {
    const frames = framesOf((writer) => {
      for (let i = 0; i < 300; i++) writer.packet(() => writer.int(1, 1));
    }, 250);
    expect(frames.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 300 }, (_, i) => (250 + i) % 256));
  });

  test('writes each form of a length', () => {
    const [frame] = framesOf((writer) =>
      writer.packet(() => [250, 251, 0xffff, 0x10000, 0x1000000, 2 ** 40].forEach((n) => void writer.lengthEncoded(n))),
    );
    expect(frame?.payload.toString('hex')).toBe('fafcfb00fcfffffd000001fe0000000100000000fe0000000000010000');
  });
});
