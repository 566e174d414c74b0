import { describe, expect, test } from '@jest/globals';
import { pathOf, pointerOf } from '../../../../../functions/api/shared/json-pointer.ts';
import { fc } from '../../../../support/properties.ts';

describe('a JSON pointer', () => {
  test('leads to its path, whatever the names in it are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '/', '~', '0', '1', ' ', 'ä', '') })), (path) => {
        expect(pathOf(pointerOf(path))).toEqual(path);
      }),
    );
  });

  test('of the whole document is empty, and of an empty name is not', () => {
    expect(pointerOf([])).toBe('');
    expect(pointerOf([''])).toBe('/');
    expect(pointerOf(['a/b', 0, '~1'])).toBe('/a~1b/0/~01');
  });

  test.each(['a', '/a~', '/a~2', '#/a'])('%s is none', (text) => {
    expect(pathOf(text)).toBeUndefined();
  });
});
