import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type EventTable, fetchEventPage } from '@proxywatch/core/drivers/dcdb/monitoring/event-page';
import { PARTITIONED } from '@proxywatch/core/drivers/dcdb/scan/upsert-table';
import { z } from 'zod';
import { ok } from '#api/answer';
import { instant } from '#api/fields';
import { cursorScope, type ListField, type ListSpec, listQuery } from '#api/list';
import { filterClause } from '#api/list-sql';
import { type AnyRoute, route } from '#api/route';
import { NAME, namesOf, namespacesOf } from './name-filters.ts';
import { iso, spanOf, timeRange } from './time-range.ts';

export interface EventListDefinition {
  readonly table: EventTable;
  readonly path: `/v1/monitoring/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** What the range is about if nobody says it. */
  readonly usualMs: number;
  /** By what, beside namespace and proxy, rows may be filtered; each with its column. */
  readonly fields: Readonly<Record<string, ListField>>;
  /** Of an item, beside id, proxy and namespace. */
  readonly item: z.ZodRawShape;
  readonly columns: readonly string[];
  itemOf(row: EventCells): object;
}

/** Columns of a row, each as what it must be. */
export interface EventCells {
  text(column: string): string;
  textOrNull(column: string): string | null;
  number(column: string): number;
  /** Beyond 2^53 as a string. */
  count(column: string): number | string;
  countOrNull(column: string): number | string | null;
  flag(column: string): boolean;
  time(column: string): string;
  json(column: string): unknown;
}

const COMMON = ['proxy', 'namespace', 'observed_at', 'is_cut'];

/** Events of one kind, newest first: a page of a time range at a time. */
export function eventList(definition: EventListDefinition): AnyRoute {
  const { table, path, operationId, summary, description, usualMs, fields, columns, itemOf } = definition;
  const spec: ListSpec = {
    name: operationId,
    fields: {
      namespace: NAME,
      proxy: NAME,
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, sortable: false }])),
      time: { type: 'time', ops: [] },
    },
    defaultSort: '-time',
    key: { field: 'id' },
  };
  const item = z.strictObject({
    id: z.string(),
    proxy: z.string(),
    namespace: z.string().meta({ description: 'of the proxy when it was read' }),
    observedAt: instant().meta({ description: 'when it was read' }),
    ...definition.item,
    isCut: z.boolean().meta({ description: 'a text was cut, or a number clamped, to fit in' }),
  });
  return route({
    module: 'monitoring',
    method: 'GET',
    path,
    operationId,
    summary,
    ...(description !== undefined && { description }),
    role: 'viewer',
    query: newestFirst(listQuery(spec, timeRange)),
    answers: {
      200: {
        description: 'a page of events, newest first',
        schema: z.strictObject({
          items: z.array(item),
          from: instant(),
          to: instant(),
          keptFrom: instant()
            .nullable()
            .meta({ description: 'what is older is not kept; null: nothing was let go yet' }),
          nextCursor: z.string().nullable(),
        }),
      },
    },
    async handle({ db, nowMs }, request) {
      const { query, caller, cursors, signal } = request;
      const list = cursorScope(spec, request);
      const page = query.cursor === undefined ? undefined : await cursors.decode(list, query.cursor);
      const place = page === undefined ? undefined : (JSON.parse(String(page.sort)) as Place);
      const span = place?.span ?? spanOf(query, nowMs(), usualMs);
      const { rows, next, keptAfterMs } = await fetchEventPage(
        db,
        {
          table,
          columns: [...COMMON, PARTITIONED[table], ...columns],
          span,
          namespaces: namespacesOf(query, caller.namespaces),
          proxies: namesOf(query, 'proxy'),
          conditions: query.filters.flatMap((filter) => {
            const field = Object.hasOwn(fields, filter.field) ? fields[filter.field] : undefined;
            return field === undefined ? [] : [filterClause(field, filter)];
          }),
          after:
            page === undefined || place === undefined ? undefined : { atMs: place.atMs, eventId: String(page.key) },
          limit: query.limit,
        },
        signal,
      );
      const nextCursor =
        next === undefined
          ? null
          : await cursors.encode(list, { sort: JSON.stringify({ span, atMs: next.atMs }), key: next.eventId });
      return ok({
        items: rows.map((row) => {
          const cells = cellsOf(row, table);
          return {
            id: cells.text('event_id'),
            proxy: cells.text('proxy'),
            namespace: cells.text('namespace'),
            observedAt: cells.time('observed_at'),
            ...itemOf(cells),
            isCut: cells.flag('is_cut'),
          };
        }),
        from: iso(span.fromMs),
        to: iso(span.toMs),
        keptFrom: keptAfterMs === 0 ? null : iso(keptAfterMs),
        nextCursor,
      });
    },
  });
}

interface Place {
  readonly span: { readonly fromMs: number; readonly toMs: number };
  readonly atMs: number;
}

/** There is no other order. */
function newestFirst<T extends z.ZodType<{ sort: { descending: boolean } }>>(query: T): T {
  return query.refine(({ sort }) => sort.descending, { path: ['sort'], error: 'events come newest first: -time' }) as T;
}

function cellsOf(row: Readonly<Record<string, unknown>>, table: string): EventCells {
  const cell = <T>(column: string, read: (value: unknown) => T | undefined): T => {
    const value = read(row[column]);
    if (value === undefined) {
      throw new ProxywatchError('RECORD_DAMAGED', `dcdb holds an unexpected value in ${table}.${column}`);
    }
    return value;
  };
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const count = (value: unknown) => (typeof value === 'number' ? value : text(value));
  const orNull =
    <T>(read: (value: unknown) => T | undefined) =>
    (value: unknown) =>
      value === null ? null : read(value);
  return {
    text: (column) => cell(column, text),
    textOrNull: (column) => cell(column, orNull(text)),
    number: (column) => cell(column, (value) => (typeof value === 'number' ? value : undefined)),
    count: (column) => cell(column, count),
    countOrNull: (column) => cell(column, orNull(count)),
    flag: (column) => cell(column, (value) => value === 1 || value === true),
    time: (column) => cell(column, (value) => (value instanceof Date ? value.toISOString() : undefined)),
    json: (column) => cell(column, parsedJson),
  };
}

/** JSON comes parsed from MySQL and as text from MariaDB. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

export const matches = (column: string): ListField => ({
  column,
  type: 'string',
  ops: ['eq', 'in', 'like'],
  nullable: true,
});
export const numberOf = (column: string): ListField => ({ column, type: 'number' });
export const wordOf = (column: string, values: readonly string[]): ListField => ({
  column,
  type: 'string',
  ops: ['eq', 'ne', 'in'],
  values,
});

export function nullableText() {
  return z.string().nullable();
}
