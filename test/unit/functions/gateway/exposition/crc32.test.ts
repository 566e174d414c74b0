import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { crc32Combine, crc32Shift } from '../../../../../functions/gateway/exposition/crc32.ts';
import { fc } from '../../../../support/properties.ts';

describe('combined CRC-32', () => {
  test('is that of the bytes one after the other, as zlib computes it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
        const combined = parts.reduce((crc, part) => crc32Combine(crc, crc32(part), crc32Shift(part.length)), 0);
        expect(combined).toBe(crc32(Buffer.concat(parts)));
      }),
    );
  });

  test('holds for a part of several megabytes', () => {
    const [first, second] = [Buffer.from('head'), Buffer.alloc(5_000_003, 'proxywatch')];
    const combined = crc32Combine(crc32(first), crc32(second), crc32Shift(second.length));
    expect(combined).toBe(crc32(Buffer.concat([first, second])));
  });
});
