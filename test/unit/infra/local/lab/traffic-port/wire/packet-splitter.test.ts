import { describe, expect, test } from '@jest/globals';
import { PacketSplitter } from '../../../../../../../infra/local/lab/traffic-port/wire/packet-splitter.ts';
import { commandPackets, MAX_PAYLOAD, packet } from '../../../../../../../infra/local/lab/traffic-port/wire/packets.ts';
import { fc } from '../../../../../../support/properties.ts';

interface Seen {
  readonly head: string;
  readonly length: number;
  readonly sequence: number;
}

function split(bytes: Buffer, cuts: readonly number[], headBytes?: number): readonly Seen[] {
  const seen: Seen[] = [];
  const splitter = new PacketSplitter(
    (head, length, sequence) => seen.push({ head: head.toString('hex'), length, sequence }),
    headBytes,
  );
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  places.slice(1).forEach((end, i) => {
    splitter.push(bytes.subarray(places[i], end));
  });
  return seen;
}

describe('the packets of a stream', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

  test('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(payloads, fc.array(fc.nat()), (list, cuts) => {
        const stream = Buffer.concat(list.map((payload, i) => packet(i, Buffer.from(payload))));
        expect(split(stream, cuts)).toEqual(
          list.map((payload, i) => ({
            head: Buffer.from(payload).toString('hex'),
            length: payload.length,
            sequence: i,
          })),
        );
      }),
    );
  });

  test('tell their whole length when only the head is kept', () => {
    const stream = Buffer.concat([packet(0, Buffer.alloc(100, 7)), packet(1, Buffer.of(1, 2))]);
    expect(split(stream, [10, 50, 90], 4)).toEqual([
      { head: '07070707', length: 100, sequence: 0 },
      { head: '0102', length: 2, sequence: 1 },
    ]);
  });

  test.each([MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 5])('join a payload of %i bytes', (length) => {
    const seen = split(commandPackets(Buffer.alloc(length, 3)), [70_000, MAX_PAYLOAD + 6], 1);
    expect(seen.map(({ head, length: whole }) => [head, whole])).toEqual([['03', length]]);
  });

  test('count what they keep of a packet that has not ended', () => {
    const splitter = new PacketSplitter(() => undefined);
    splitter.push(packet(0, Buffer.alloc(100)).subarray(0, 64));
    expect(splitter.keptBytes).toBe(60);
  });
});
