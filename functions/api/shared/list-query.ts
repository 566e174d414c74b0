import { z } from 'zod';
import { queryInteger } from './fields.ts';
import { oneValue, severalValues } from './list-values.ts';

export const FILTER_OPS = ['eq', 'ne', 'in', 'lt', 'gt', 'like'] as const;
export type FilterOp = (typeof FILTER_OPS)[number];
export type FieldType = 'string' | 'number' | 'boolean' | 'time';

export interface ListField {
  /** `accounts.username`. A list that is not read from a table has none, and its items a property of the field's name. */
  readonly column?: string;
  readonly type: FieldType;
  /** @default - what fits the type */
  readonly ops?: readonly FilterOp[];
  /** Only where an index helps, or where rows are few. @default false */
  readonly sortable?: boolean;
  /** An empty value of eq and ne stands for null. @default false */
  readonly nullable?: boolean;
  /** The only values of a string. */
  readonly values?: readonly string[];
}

/** What callers may filter and sort a list by. */
export interface ListSpec {
  /** Unique among all lists: cursors are good for it alone. */
  readonly name: string;
  readonly fields: Readonly<Record<string, ListField>>;
  /** A field, with `-` before it for descending. */
  readonly defaultSort: string;
  /** Unique, never null: what tells rows apart that are equal in the sort order. */
  readonly key: { readonly field: string; readonly column?: string };
}

export type FilterValue = string | number | boolean | Date | null;

export interface Filter {
  readonly field: string;
  readonly op: FilterOp;
  /** Several of `in` only. */
  readonly values: readonly FilterValue[];
}

export interface ListQuery {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly sort: { readonly field: string; readonly descending: boolean };
  /** In a fixed order. */
  readonly filters: readonly Filter[];
}

const OPS: Readonly<Record<FieldType, readonly FilterOp[]>> = {
  string: ['eq', 'ne', 'in', 'like'],
  number: ['eq', 'ne', 'in', 'lt', 'gt'],
  boolean: ['eq', 'ne'],
  time: ['lt', 'gt'],
};
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/**
 * The query of a list: `filter[field]`, `filter[field][op]`, `sort`, `limit` and `cursor`; `extra` are further parameters,
 * which stand in the parsed value beside the others.
 */
export function listQuery<E extends z.ZodRawShape = Record<never, never>>(spec: ListSpec, extra?: E) {
  const sorts = sortsOf(spec);
  const filters = filterParameters(spec);
  const shape = {
    ...Object.fromEntries(filters.map(({ parameter, schema }) => [parameter, schema.optional()])),
    sort: z
      .enum(sorts)
      .optional()
      .meta({ description: `default ${spec.defaultSort}` }),
    limit: queryInteger(1, MAX_LIMIT).default(DEFAULT_LIMIT),
    cursor: z
      .string()
      .regex(/^[\w-]{1,4096}$/)
      .optional()
      .meta({ description: '`nextCursor` of the page before' }),
  };
  return z.strictObject({ ...shape, ...extra }).transform((given) => {
    const { sort = spec.defaultSort, limit, cursor, ...rest } = given as Record<string, unknown>;
    const order = String(sort);
    const own = Object.fromEntries(Object.keys(extra ?? {}).map((name) => [name, rest[name]]));
    const list: ListQuery = {
      limit: Number(limit),
      cursor: cursor === undefined ? undefined : String(cursor),
      sort: { field: order.replace(/^-/, ''), descending: order.startsWith('-') },
      filters: filters.flatMap(({ parameter, field, op }) => {
        const values = rest[parameter];
        return values === undefined ? [] : [{ field, op, values: values as readonly FilterValue[] }];
      }),
    };
    return { ...own, ...list } as ListQuery & z.output<z.ZodObject<E>>;
  });
}

interface FilterParameter {
  readonly parameter: string;
  readonly field: string;
  readonly op: FilterOp;
  readonly schema: z.ZodType<readonly FilterValue[], string>;
}

function filterParameters({ fields }: ListSpec): readonly FilterParameter[] {
  return Object.entries(fields).flatMap(([field, spec]) =>
    (spec.ops ?? OPS[spec.type]).flatMap((op) => {
      const schema = op === 'in' ? severalValues(spec) : oneValue(spec, op);
      const named = { parameter: `filter[${field}][${op}]`, field, op, schema };
      // Both spellings of eq are taken.
      return op === 'eq' ? [{ ...named, parameter: `filter[${field}]` }, named] : [named];
    }),
  );
}

function sortsOf({ fields, defaultSort }: ListSpec): [string, ...string[]] {
  const first = defaultSort.replace(/^-/, '');
  const names = Object.keys(fields).filter((name) => name !== first && fields[name]?.sortable === true);
  return [
    defaultSort,
    defaultSort.startsWith('-') ? first : `-${first}`,
    ...names.flatMap((name) => [name, `-${name}`]),
  ];
}
