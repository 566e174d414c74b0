import { describe, expect, test } from '@jest/globals';
import { timestamp } from '../../../../../functions/api/shared/fields.ts';
import { type ListSpec, listQuery } from '../../../../../functions/api/shared/list.ts';
import { likePattern } from '../../../../../functions/api/shared/list-sql.ts';
import { fc } from '../../../../support/properties.ts';

const spec: ListSpec = {
  name: 'things',
  fields: {
    name: { column: 'things.name', type: 'string', sortable: true },
    size: { column: 'things.size', type: 'number', nullable: true },
    state: { column: 'things.state', type: 'string', values: ['on', 'off'] },
    active: { column: 'things.active', type: 'boolean' },
    at: { column: 'things.at', type: 'time' },
  },
  defaultSort: '-name',
  key: { field: 'id', column: 'things.id' },
};
const schema = listQuery(spec, { since: timestamp().optional() });
const parse = (query: Readonly<Record<string, string>>) => schema.parse(query);

describe('the query of a list', () => {
  test('without anything is its first page', () => {
    expect(parse({})).toEqual({ limit: 50, cursor: undefined, sort: { field: 'name', descending: true }, filters: [] });
  });

  test('has filters by field, with values of its type', () => {
    expect(
      parse({
        'filter[name]': 'a,b',
        'filter[name][in]': 'a,b',
        'filter[size][gt]': '-3',
        'filter[size]': '',
        'filter[active][ne]': 'true',
        'filter[at][lt]': '2026-01-31T12:00:00+01:00',
        sort: 'name',
      }),
    ).toMatchObject({
      sort: { field: 'name', descending: false },
      filters: [
        { field: 'name', op: 'eq', values: ['a,b'] },
        { field: 'name', op: 'in', values: ['a', 'b'] },
        { field: 'size', op: 'eq', values: [null] },
        { field: 'size', op: 'gt', values: [-3] },
        { field: 'active', op: 'ne', values: [true] },
        { field: 'at', op: 'lt', values: [new Date('2026-01-31T11:00:00Z')] },
      ],
    });
  });

  test('has what else the list takes beside them', () => {
    expect(parse({ since: '2026-01-31T12:00:00Z' }).since).toEqual(new Date('2026-01-31T12:00:00Z'));
  });

  test('says the same in whatever order its filters come', () => {
    const entries = [
      ['filter[name]', 'a'],
      ['filter[active]', 'true'],
      ['filter[size][lt]', '9'],
    ] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([...entries], { minLength: 3 }), (shuffled) => {
        expect(parse(Object.fromEntries(shuffled))).toEqual(parse(Object.fromEntries(entries)));
      }),
    );
  });

  test('never takes a name or a value that it does not know', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, value) => {
        const known = /^(filter\[(name|size|state|active|at)\](\[\w+\])?|sort|limit|cursor|since)$/.test(name);
        fc.pre(!known);
        expect(schema.safeParse({ [name]: value }).success).toBe(false);
        expect(schema.safeParse({ sort: name }).success).toBe(['name', '-name'].includes(name));
        expect(schema.safeParse({ 'filter[state]': value }).success).toBe(['on', 'off'].includes(value));
      }),
    );
  });
});

describe('a pattern', () => {
  /** What LIKE does, in the words of JavaScript. */
  const likes = (pattern: string, text: string) => {
    const parts = [...pattern.matchAll(/!(.)|(%)|(_)|(.)/gs)];
    const source = parts.map(([, escaped, any, one, plain]) =>
      any ? '.*' : one ? '.' : `\\u{${(escaped ?? plain)!.codePointAt(0)!.toString(16)}}`,
    );
    return new RegExp(`^${source.join('')}$`, 'su').test(text);
  };
  const texts = fc.string({ unit: fc.constantFrom('a', '%', '_', '!', '\\', "'"), maxLength: 8 });

  test('without an asterisk matches itself alone', () => {
    fc.assert(
      fc.property(texts, texts, (pattern, text) => {
        expect(likes(likePattern(pattern), text)).toBe(pattern === text);
      }),
    );
  });

  test('with an asterisk matches what begins and ends as it does', () => {
    fc.assert(
      fc.property(texts, texts, texts, (before, after, between) => {
        expect(likes(likePattern(`${before}*${after}`), `${before}${between}${after}`)).toBe(true);
        expect(likes(likePattern(`${before}*`), `x${before}`)).toBe(before === '');
      }),
    );
  });
});
