import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { PagePosition } from './cursor.ts';
import type { Filter, FilterValue, ListField, ListQuery, ListSpec } from './list-query.ts';

/** What a page is ordered by. */
export interface OrderKeys {
  readonly sort: RawBuilder<unknown>;
  /** The same with all its digits: a time of the DCDB has microseconds, one of JavaScript none. */
  readonly sortText: RawBuilder<unknown>;
  readonly key: RawBuilder<unknown>;
  readonly direction: 'asc' | 'desc';
  readonly isNullable: boolean;
}

export function orderKeys(spec: ListSpec, { field, descending }: ListQuery['sort']): OrderKeys {
  const sorted = spec.fields[field];
  const sort = columnOf(sorted?.column, field);
  return {
    sort,
    sortText: sorted?.type === 'time' ? sql`cast(${sort} as char)` : sort,
    key: columnOf(spec.key.column, spec.key.field),
    direction: descending ? 'desc' : 'asc',
    isNullable: sorted?.nullable === true,
  };
}

/** Rows behind a position. MySQL puts nulls before all values. */
export function afterPosition(order: OrderKeys, position: PagePosition): Expression<SqlBool> {
  const { sort, key, direction, isNullable } = order;
  const behind = sql.raw(direction === 'asc' ? '>' : '<');
  const tie = sql`${key} ${behind} ${position.key}`;
  if (position.sort === null) {
    const laterValues = direction === 'asc' ? sql` or ${sort} is not null` : sql``;
    return sql<SqlBool>`((${sort} is null and ${tie})${laterValues})`;
  }
  const laterNulls = direction === 'desc' && isNullable ? sql` or ${sort} is null` : sql``;
  return sql<SqlBool>`(${sort} ${behind} ${position.sort} or (${sort} = ${position.sort} and ${tie})${laterNulls})`;
}

export function filterClause(field: ListField, { field: name, op, values }: Filter): Expression<SqlBool> {
  const column = columnOf(field.column, name);
  const [value = null] = values;
  if (field.type === 'time') return timeClause(column, op, values);
  switch (op) {
    case 'eq':
      return value === null ? sql`${column} is null` : sql`${column} = ${parameterOf(value)}`;
    case 'ne':
      if (value === null) return sql`${column} is not null`;
      return field.nullable === true
        ? sql`(${column} <> ${parameterOf(value)} or ${column} is null)`
        : sql`${column} <> ${parameterOf(value)}`;
    case 'in':
      return sql`${column} in (${sql.join(values.map(parameterOf))})`;
    case 'lt':
      return sql`${column} < ${parameterOf(value)}`;
    case 'gt':
      return sql`${column} > ${parameterOf(value)}`;
    case 'like':
      return sql`${column} like ${likePattern(String(value))} escape '!'`;
  }
}

/** `*` stands for any text; everything else for itself. */
export function likePattern(text: string): string {
  return text.replaceAll(/[!%_]/g, '!$&').replaceAll('*', '%');
}

/** What the API shows is whole milliseconds: a time that it showed stands for all of its millisecond. */
function timeClause(
  column: RawBuilder<unknown>,
  op: Filter['op'],
  values: readonly FilterValue[],
): Expression<SqlBool> {
  const [value] = values;
  if (value === null) return op === 'ne' ? sql`${column} is not null` : sql`${column} is null`;
  const within = (time: FilterValue) => sql`(${column} >= ${timeText(time, 0)} and ${column} < ${timeText(time, 1)})`;
  if (op === 'lt') return sql`${column} < ${timeText(value, 0)}`;
  if (op === 'gt') return sql`${column} >= ${timeText(value, 1)}`;
  const any = sql.join(values.map(within), sql` or `);
  return op === 'ne' ? sql`(not (${any}) or ${column} is null)` : sql`(${any})`;
}

/** As the DCDB writes times, in UTC. */
export function timeText(value: FilterValue | undefined, addMs: number): string {
  if (!(value instanceof Date)) throw new ProxywatchError('INTERNAL', 'a filter of times got another value');
  return new Date(value.getTime() + addMs).toISOString().slice(0, -1).replace('T', ' ');
}

function parameterOf(value: FilterValue): FilterValue {
  return typeof value === 'boolean' ? Number(value) : value;
}

function columnOf(column: string | undefined, field: string): RawBuilder<unknown> {
  if (column === undefined) throw new ProxywatchError('INTERNAL', `the field ${field} has no column`);
  return sql.ref(column);
}
