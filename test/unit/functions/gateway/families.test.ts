import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { FAMILIES } from '../../../../functions/gateway/families.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

test('docs/metrics.md has every series of a proxy, with its type, and no other', () => {
  const written = Object.values(FAMILIES).map(({ name, type }) => `${name} ${type}`);
  const documented = [...page.matchAll(/^\| (`dbproxy_.+?`) \| (\w+)/gm)].flatMap(([, names = '', type]) =>
    names.split(', ').map((name) => `${name.replaceAll('`', '')} ${type}`),
  );
  expect(documented.toSorted()).toEqual(written.toSorted());
});
