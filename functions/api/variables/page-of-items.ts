import { type Answer, ok } from '../shared/answer.ts';
import type { ApiRequest } from '../shared/api-request.ts';
import { cursorScope, type ListQuery, type ListSpec } from '../shared/list.ts';
import type { Filter, FilterValue } from '../shared/list-query.ts';

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
  if (op === 'like') return likeExpression(String(given)).test(String(value));
  return values.some((one: FilterValue) => one === value);
}

/** `*` stands for any text; case does not matter, as in the lists that are read from tables. */
function likeExpression(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'is');
}
