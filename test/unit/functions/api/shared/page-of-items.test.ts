import { describe, expect, test } from '@jest/globals';
import { createCursorCodec } from '../../../../../functions/api/shared/cursor.ts';
import type { ListQuery, ListSpec } from '../../../../../functions/api/shared/list-query.ts';
import { isLike, pageOfItems } from '../../../../../functions/api/shared/page-of-items.ts';
import { fc } from '../../../../support/properties.ts';

const spec: ListSpec = {
  name: 'things',
  fields: { name: { type: 'string' } },
  defaultSort: 'name',
  key: { field: 'name' },
};
const cursors = createCursorCodec(async () => 'key');
const items = ['b', 'd', 'a', 'c'].map((name, i) => ({ name, even: i % 2 === 0 }));

interface Page {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor: string | null;
}

async function page(query: Partial<ListQuery> = {}): Promise<Page> {
  const whole: ListQuery = {
    limit: 50,
    cursor: undefined,
    sort: { field: 'name', descending: false },
    filters: [],
    ...query,
  };
  return (await pageOfItems(spec, { params: {}, query: whole, cursors }, items)).body as Page;
}

const namesOf = ({ items: shown }: Page) => shown.map(({ name }) => name).join('');

describe('a page of items', () => {
  test('is sorted, in both directions', async () => {
    expect(namesOf(await page())).toBe('abcd');
    expect(namesOf(await page({ sort: { field: 'name', descending: true } }))).toBe('dcba');
  });

  test('is followed by the next ones until there are no more', async () => {
    const first = await page({ limit: 3 });
    expect(namesOf(first)).toBe('abc');
    const second = await page({ limit: 3, cursor: first.nextCursor ?? '' });
    expect([namesOf(second), second.nextCursor]).toEqual(['d', null]);
    expect((await page({ limit: 4 })).nextCursor).toBeNull();
  });

  test('is of the same filters and order as the cursor', async () => {
    const { nextCursor } = await page({ limit: 2 });
    const elsewhere = page({ limit: 2, cursor: nextCursor ?? '', sort: { field: 'name', descending: true } });
    await expect(elsewhere).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('has what all filters let through', async () => {
    const even = { field: 'even', op: 'eq', values: [true] } as const;
    expect(namesOf(await page({ filters: [even] }))).toBe('ab');
    const notA = { field: 'name', op: 'ne', values: ['a'] } as const;
    expect(namesOf(await page({ filters: [even, notA] }))).toBe('b');
    expect(namesOf(await page({ filters: [{ field: 'name', op: 'in', values: ['a', 'd', 'x'] }] }))).toBe('ad');
  });
});

describe('a pattern', () => {
  test.each<[string, string, boolean]>([
    ['mysql-threads', 'mysql-threads', true],
    ['mysql-threads', 'MYSQL-*', true],
    ['mysql-threads', '*threads', true],
    ['mysql-threads', '*sql*rea*', true],
    ['mysql-threads', '*rea*sql*', false],
    ['mysql-threads', 'mysql', false],
    ['mysql-threads', '*', true],
    ['mysql-threads', '', false],
    ['ab', 'ab*b', false],
    ['aa', 'a*a', true],
    ['a', 'a*a', false],
    ['a.c', 'a.*', true],
    ['abc', 'a.c', false],
  ])('%j fits %j: %j', (text, pattern, fits) => {
    expect(isLike(text, pattern)).toBe(fits);
  });

  test('fits as the regular expression of the same meaning does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(letters, patterns, (text, pattern) => {
        expect(isLike(text, pattern)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text));
      }),
    );
  });

  test('that a regular expression would try for ages is answered at once', () => {
    expect(isLike('a'.repeat(100), `${'*a'.repeat(100)}*b`)).toBe(false);
  });
});
