import type { Caller } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { type SelectQueryBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Answer } from './answer.ts';
import { ok } from './answer.ts';
import type { ApiRequest } from './api-request.ts';
import type { PagePosition } from './cursor.ts';
import type { ListQuery, ListSpec } from './list-query.ts';
import { afterPosition, filterClause, orderKeys } from './list-sql.ts';

export { type ListField, type ListQuery, type ListSpec, listQuery } from './list-query.ts';

type ListRequest = Pick<ApiRequest<unknown, ListQuery, unknown>, 'params' | 'query' | 'cursors' | 'signal'>;

/** The schema of a list's answer. */
export function listAnswer<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}

/**
 * One page of a query: filters, sort, cursor and limit are added to it (it has no order and no limit of its own), and its
 * rows made into items by `items`, which may ask others about all of them at once.
 */
export async function listPage<DB, TB extends keyof DB, O extends object>(
  spec: ListSpec,
  request: ListRequest,
  query: SelectQueryBuilder<DB, TB, O>,
  items: (rows: readonly O[]) => readonly unknown[] | Promise<readonly unknown[]>,
): Promise<Answer> {
  const { query: wanted, cursors, signal } = request;
  const list = cursorScope(spec, request);
  const position = wanted.cursor === undefined ? undefined : await cursors.decode(list, wanted.cursor);
  const order = orderKeys(spec, wanted.sort);
  let page = query;
  for (const filter of wanted.filters) page = page.where(filterClause(fieldOf(spec, filter.field), filter));
  if (position !== undefined) page = page.where(afterPosition(order, position));
  const selected = page
    .select([
      sql<PagePosition['sort']>`${order.sortText}`.as('page_sort'),
      sql<PagePosition['key']>`${order.key}`.as('page_key'),
    ])
    .orderBy(order.sort, order.direction)
    .orderBy(order.key, order.direction)
    // One more than asked for tells whether there is another page.
    .limit(wanted.limit + 1);
  const rows = (await accessDcdb(() => selected.execute({ signal }))) as unknown as readonly (O & {
    page_sort: PagePosition['sort'];
    page_key: PagePosition['key'];
  })[];
  const shown = rows.slice(0, wanted.limit);
  const last = shown.at(-1);
  const isMore = rows.length > wanted.limit && last !== undefined;
  const nextCursor = isMore ? await cursors.encode(list, { sort: last.page_sort, key: last.page_key }) : null;
  return ok({ items: await items(shown), nextCursor });
}

/** Leaves the rows of namespaces that the caller may see; rows of no namespace are for those who see all. */
export function whereNamespace<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  column: string,
  { namespaces }: Pick<Caller, 'namespaces'>,
): SelectQueryBuilder<DB, TB, O> {
  if (namespaces === EVERY_NAMESPACE) return query;
  if (namespaces.length === 0) return query.where(sql<boolean>`false`);
  return query.where(sql<boolean>`${sql.ref(column)} in (${sql.join(namespaces)})`);
}

/** A cursor is good for the same path, filters and sort order only. */
export function cursorScope(spec: ListSpec, { params, query }: Pick<ListRequest, 'params' | 'query'>): string {
  const { cursor: _, limit: __, ...wanted } = query;
  return JSON.stringify([spec.name, params, wanted]);
}

function fieldOf({ name, fields }: ListSpec, field: string) {
  const found = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (found === undefined) throw new ProxywatchError('INTERNAL', `the list ${name} has no field ${field}`);
  return found;
}
