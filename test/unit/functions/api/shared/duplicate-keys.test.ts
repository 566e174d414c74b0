import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findDuplicateKeys } from '../../../../../functions/api/shared/duplicate-keys.ts';
import { parseJsonBody } from '../../../../../functions/api/shared/read-body.ts';

const pointers = (text: string) => findDuplicateKeys(text).map(({ pointer }) => pointer);

describe('a name that an object has twice', () => {
  test.each([
    ['at the top', '{"a":1,"b":2,"a":3}', ['/a']],
    ['with blanks around it', '{ "a" : 1 ,\n "a"\t: 2 }', ['/a']],
    ['within an object', '{"a":{"b":1,"b":2}}', ['/a/b']],
    ['within an array', '[{"a":1},{"a":1,"a":2}]', ['/1/a']],
    ['after values of all kinds', '{"a":[1,[2,3],{"x":"}"}],"b":null,"c":"{\\"c\\":1}","b":1e5}', ['/b']],
    ['written with an escape', '{"password":1,"p\\u0061ssword":2}', ['/password']],
    ['that ends with a backslash', '{"a\\\\":1,"a\\\\":2}', ['/a\\']],
    ['with a quotation mark in it', '{"a\\"":1,"a\\"":2}', ['/a"']],
    ['with a slash in it, as pointers have it', '{"a/b":1,"a/b":2}', ['/a~1b']],
    ['that is empty', '{"":1,"":2}', ['/']],
    ['that objects have from their prototype', '{"toString":1,"toString":2}', ['/toString']],
    ['three times', '{"a":1,"a":2,"a":3}', ['/a', '/a']],
  ])('is found %s', (_, text, found) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(pointers(text)).toEqual(found);
  });

  test.each([
    ['as name and as value', '{"a":"a","b":["a","a"]}'],
    ['in two objects', '{"a":{"b":1},"c":{"b":1,"a":2}}'],
    ['in a text that looks like JSON', '{"a":"\\"a\\":1,","b":"\\\\"}'],
    ['in no object at all', '"a"'],
  ])('is none %s', (_, text) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(pointers(text)).toEqual([]);
  });

  test('is refused by name in a body, without what was given for it', () => {
    expect(() => parseJsonBody('{"password":"first","password":"second"}')).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        problems: [{ pointer: '/password', message: 'given more than once' }],
      }),
    );
  });

  test('is found in whatever JSON there is, and nothing else is', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, name) => {
        expect(findDuplicateKeys(json)).toEqual([]);
        const key = JSON.stringify(name);
        expect(findDuplicateKeys(`{${key}:${json},${key}:${json}}`)).toHaveLength(1);
      }),
    );
  });

  test('is looked for once through: a body of nothing but escapes and names takes no longer than its length', () => {
    const names = Array.from({ length: 60_000 }, (_, i) => `"n${i}\\"":"${'\\\\'.repeat(40)}\\""`);
    const text = `{${names.join(',')},"n59999\\"":1}`;
    expect(text.length).toBeGreaterThan(5_000_000);
    expect(pointers(text)).toEqual(['/n59999"']);
  });
});
