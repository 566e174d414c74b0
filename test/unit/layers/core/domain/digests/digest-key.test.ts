import { describe, expect, test } from '@jest/globals';
import {
  type DigestIdentity,
  decodeDigestKey,
  encodeDigestKey,
  fromHex,
  seriesKeyOf,
} from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import { fc } from '../../../../../support/properties.ts';

const identities: fc.Arbitrary<DigestIdentity> = fc.record({
  hostgroup: fc.integer({ min: 0, max: 65535 }).map(String),
  schema: fc.string({ unit: 'binary' }),
  user: fc.string({ unit: 'binary' }),
  clientAddress: fc.string({ unit: 'binary' }),
  digest: fc.stringMatching(/^0x[0-9A-F]{16}$/),
});

describe('digest key', () => {
  test('gives back any identity, separators, quotes and NUL included', () => {
    fc.assert(
      fc.property(identities, (identity) => expect(decodeDigestKey(encodeDigestKey(identity))).toEqual(identity)),
    );
  });

  test('series key drops the client address and nothing else', () => {
    fc.assert(
      fc.property(identities, (identity) =>
        expect(seriesKeyOf(encodeDigestKey(identity))).toBe(encodeDigestKey({ ...identity, clientAddress: '' })),
      ),
    );
  });

  test('two names that are no UTF-8 stay two names', () => {
    const [a, b] = ['10|FF||', '10|FE||'].map((head) => decodeDigestKey(`${head}|0x1`).schema);
    expect(a).not.toBe(b);
  });

  test('no two names look the same, whatever bytes they are', () => {
    // Made of what the form for bytes that are no UTF-8 is made of.
    const parts = fc.constantFrom('5C', '78', '66', '35', '63', 'FF', 'C3A4', '61');
    const names = fc.array(parts, { maxLength: 12 }).map((name) => name.join(''));
    fc.assert(
      fc.property(names, names, (one, other) => expect(fromHex(one) === fromHex(other)).toBe(one === other)),
      {
        numRuns: 5_000,
        examples: [
          ['FF', '5C786666'],
          ['5CFF', '5C7835635C786666'],
        ],
      },
    );
  });
});
