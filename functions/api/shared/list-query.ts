import { z } from 'zod';
import { queryInteger, TIMESTAMP_SCHEMA, timestamp } from './fields.ts';
import { type JsonSchema, meaning } from './query-schema.ts';
import { isOddText } from './read-body.ts';

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
const MAX_VALUES = 100;
const MAX_TEXT = 255;
const MAX_NUMBER = 1e12;
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

function oneValue(field: ListField, op: FilterOp): z.ZodType<readonly FilterValue[], string> {
  const mayBeNull = field.nullable === true && (op === 'eq' || op === 'ne');
  const read = z.string().transform((given, ctx): readonly FilterValue[] => {
    const value = mayBeNull && given === '' ? null : filterValueOf(field, op, given);
    if (value !== undefined) return [value];
    ctx.addIssue({ code: 'custom', message: `expected ${expectedOf(field)}` });
    return z.NEVER;
  });
  const json = jsonOf(field, op);
  return meaning(read, mayBeNull ? { anyOf: [json, { const: '' }] } : json);
}

function severalValues(field: ListField): z.ZodType<readonly FilterValue[], string> {
  const read = z.string().transform((given, ctx): readonly FilterValue[] => {
    const values = given.split(',').map((part) => filterValueOf(field, 'in', part));
    if (values.length <= MAX_VALUES && values.every((value) => value !== undefined)) return values;
    ctx.addIssue({
      code: 'custom',
      message: `expected up to ${MAX_VALUES} of ${expectedOf(field)}, separated by commas`,
    });
    return z.NEVER;
  });
  const item = jsonOf(field, 'in');
  return meaning(read, { type: 'array', items: item, minItems: 1, maxItems: MAX_VALUES });
}

function filterValueOf(field: ListField, op: FilterOp, given: string): FilterValue | undefined {
  switch (field.type) {
    case 'boolean':
      return given === 'true' ? true : given === 'false' ? false : undefined;
    case 'number':
      return /^-?\d{1,13}$/.test(given) && Math.abs(Number(given)) <= MAX_NUMBER ? Number(given) : undefined;
    case 'time':
      return timestamp().safeParse(given).data;
    case 'string':
      if ([...given].length > MAX_TEXT || isOddText(given)) return undefined;
      return field.values === undefined || op === 'like' || field.values.includes(given) ? given : undefined;
  }
}

function expectedOf({ type, values }: ListField): string {
  if (values !== undefined) return values.join(' | ');
  if (type === 'string') return `up to ${MAX_TEXT} characters`;
  return type === 'time' ? 'a time as 2026-01-31T12:00:00Z' : type === 'boolean' ? 'true or false' : 'an integer';
}

function jsonOf({ type, values }: ListField, op: FilterOp): JsonSchema {
  if (type === 'number') return { type: 'integer', minimum: -MAX_NUMBER, maximum: MAX_NUMBER };
  if (type === 'boolean') return { type: 'boolean' };
  if (type === 'time') return TIMESTAMP_SCHEMA;
  if (values !== undefined && op !== 'like') return { type: 'string', enum: values };
  const pattern = op === 'in' ? '^[^,\\u0000]*$' : '^[^\\u0000]*$';
  return { type: 'string', maxLength: MAX_TEXT, pattern };
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
