import { describe, expect, test } from '@jest/globals';
import { createCursorCodec, type PagePosition } from '../../../../../functions/api/shared/cursor.ts';
import { fc } from '../../../../support/properties.ts';

const codec = createCursorCodec(async () => 'a key');
const positions: fc.Arbitrary<PagePosition> = fc.record({
  sort: fc.oneof(
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.integer(),
    fc.constant(null),
  ),
  key: fc.oneof(fc.string(), fc.nat()),
});
const refused = { code: 'REQUEST_INVALID', problems: [{ pointer: '?cursor' }] };

describe('a cursor', () => {
  test('leads back to where it came from, in the list that gave it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), positions, async (list, position) => {
        expect(await codec.decode(list, await codec.encode(list, position))).toEqual(position);
      }),
    );
  });

  test('is good for no other list, and with no other key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), positions, async (list, other, position) => {
        fc.pre(list !== other);
        const cursor = await codec.encode(list, position);
        await expect(codec.decode(other, cursor)).rejects.toMatchObject(refused);
        await expect(createCursorCodec(async () => 'another').decode(list, cursor)).rejects.toMatchObject(refused);
      }),
    );
  });

  test('that anybody changed is refused', async () => {
    await fc.assert(
      fc.asyncProperty(positions, fc.nat(), fc.constantFrom(...'AZaz09-_'), async (position, at, character) => {
        const cursor = await codec.encode('list', position);
        const i = at % cursor.length;
        const changed = cursor.slice(0, i) + character + cursor.slice(i + 1);
        fc.pre(changed !== cursor);
        await expect(codec.decode('list', changed)).rejects.toMatchObject(refused);
      }),
    );
  });

  test('that anybody made up is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{1,80}$/)), async (text) => {
        await expect(codec.decode('list', text)).rejects.toMatchObject(refused);
      }),
    );
  });

  test('whose key cannot be had now is asked for again', async () => {
    let asked = 0;
    const flaky = createCursorCodec(async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return 'a key';
    });
    await expect(flaky.encode('list', { sort: 1, key: 1 })).rejects.toThrow('away');
    expect(await flaky.encode('list', { sort: 1, key: 1 })).toBe(await codec.encode('list', { sort: 1, key: 1 }));
    expect(asked).toBe(2);
  });
});
