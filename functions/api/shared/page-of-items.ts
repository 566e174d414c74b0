import { type Answer, ok } from './answer.ts';
import type { ApiRequest } from './api-request.ts';
import { cursorScope, type ListQuery, type ListSpec } from './list.ts';
import type { Filter, FilterValue } from './list-query.ts';

type Item = Readonly<Record<string, unknown>>;
type ListRequest = Pick<ApiRequest<unknown, ListQuery, unknown>, 'params' | 'query' | 'cursors'>;

/** A page of items that are at hand, as `listPage` makes one of a query; they are sorted by a text, which is their key too. */
export async function pageOfItems(spec: ListSpec, request: ListRequest, items: readonly Item[]): Promise<Answer> {
  const { query, cursors } = request;
  const scope = cursorScope(spec, request);
  const position = query.cursor === undefined ? undefined : await cursors.decode(scope, query.cursor);
  const { field, descending } = query.sort;
  const keyOf = (item: Item) => String(item[field]);
  const isBehind = (a: string, b: string) => (descending ? a < b : a > b);
  const wanted = items
    .filter((item) => query.filters.every((filter) => fits(item[filter.field], filter)))
    .filter((item) => position === undefined || isBehind(keyOf(item), String(position.key)))
    .toSorted((a, b) => (isBehind(keyOf(a), keyOf(b)) ? 1 : -1));
  const shown = wanted.slice(0, query.limit);
  const last = shown.at(-1);
  const isMore = wanted.length > shown.length && last !== undefined;
  const nextCursor = isMore ? await cursors.encode(scope, { sort: keyOf(last), key: keyOf(last) }) : null;
  return ok({ items: shown, nextCursor });
}

function fits(value: unknown, { op, values }: Pick<Filter, 'op' | 'values'>): boolean {
  const [given] = values;
  if (op === 'ne') return value !== given;
  if (op === 'like') return isLike(String(value), String(given));
  return values.some((one: FilterValue) => one === value);
}

/**
 * `*` stands for any text; case does not matter. Each part is looked for behind the one before, so that no pattern takes
 * longer than the text and itself; as a regular expression one could take for ever.
 */
export function isLike(text: string, pattern: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const given = text.toLowerCase();
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return given === first;
  if (!given.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = given.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return given.length - last.length >= from && given.endsWith(last);
}
