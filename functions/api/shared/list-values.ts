import { z } from 'zod';
import { TIMESTAMP_SCHEMA, timestamp } from './fields.ts';
import type { FilterOp, FilterValue, ListField } from './list-query.ts';
import { type JsonSchema, meaning } from './query-schema.ts';
import { isOddText } from './read-body.ts';

const MAX_VALUES = 100;
const MAX_TEXT = 255;
const MAX_NUMBER = 1e12;

/** The value of a filter, as one of a list, by the type of its field. */
export function oneValue(field: ListField, op: FilterOp): z.ZodType<readonly FilterValue[], string> {
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

/** Values of `in`, separated by commas. */
export function severalValues(field: ListField): z.ZodType<readonly FilterValue[], string> {
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
