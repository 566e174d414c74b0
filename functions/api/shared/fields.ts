import { z } from 'zod';
import { type JsonSchema, meaning } from './query-schema.ts';

/** Fields that many modules use; all are bounded, and hold nothing that a database or a log could stumble over. */

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** What the DCDB can keep: a `timestamp` ends in January 2038. */
const TIMESTAMP =
  /^(?:19[7-9]\d|20[0-2]\d|203[0-7])-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;
const FIRST_MS = 86_400_000;

/** For lists of them in a query. */
export const IDENTIFIER_SCHEMA: JsonSchema = { type: 'string', pattern: IDENTIFIER.source, maxLength: 128 };

export const TIMESTAMP_SCHEMA: JsonSchema = {
  type: 'string',
  format: 'date-time',
  pattern: TIMESTAMP.source,
  example: '2026-01-31T12:00:00Z',
};

/** Ids and names that stand in URLs, labels and keys: up to 128 letters, digits and . _ : @ -. */
export function identifier() {
  return z
    .string()
    .regex(IDENTIFIER, { error: 'expected up to 128 letters, digits and . _ : @ -, the first a letter or digit' })
    .meta({ maxLength: 128 });
}

/** Lower case, as the API gives them out. */
export function uuid() {
  return z.string().regex(UUID, { error: 'expected a UUID in lower case' }).meta({ format: 'uuid' });
}

export interface TextOptions {
  /** @default 0 */
  readonly min?: number;
  /** Tabs and line breaks too. @default false */
  readonly multiline?: boolean;
}

/** Up to `max` characters (code points, as the DCDB counts them) without control characters. */
export function text(max: number, { min = 0, multiline = false }: TextOptions = {}) {
  const controls = multiline ? '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f' : '\\u0000-\\u001f';
  const pattern = new RegExp(`^[^${controls}\\u007f]{${min},${max}}$`, 'u');
  const count = min === 0 ? `up to ${max}` : `${min} to ${max}`;
  return (
    z
      .string()
      .regex(pattern, { error: `expected ${count} characters without control characters` })
      // Not in the pattern: it is published, and not every regular expression engine takes surrogates.
      .refine((value) => value.isWellFormed(), { error: 'expected no half of a surrogate pair' })
      .meta({ maxLength: max, ...(min > 0 && { minLength: min }) })
  );
}

/** RFC 3339, from 1970 to 2037. */
export function timestamp() {
  const read = z
    .string()
    .regex(TIMESTAMP, { error: 'expected a time as 2026-01-31T12:00:00Z, from 1970-01-02 to 2037' })
    .refine(isRealTime, { error: 'there is no such time, or none that is kept', abort: true })
    .transform((value) => new Date(value));
  return meaning(read, TIMESTAMP_SCHEMA);
}

/** A time in an answer. */
export function instant() {
  return z.string().meta({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' });
}

/** Of a body. */
export function flag() {
  return z.boolean();
}

/** Of a body. */
export function integer(min: number, max: number) {
  return z
    .int({ error: `expected an integer from ${min} to ${max}` })
    .min(min)
    .max(max);
}

/** Of a query: `true` or `false`. */
export function queryFlag() {
  const read = z.enum(['true', 'false'], { error: 'expected true or false' }).transform((value) => value === 'true');
  return meaning(read, { type: 'boolean' });
}

/** Of a query. */
export function queryInteger(min: number, max: number) {
  const error = `expected an integer from ${min} to ${max}`;
  const read = z
    .string()
    .regex(/^-?\d{1,16}$/, { error })
    .transform(Number)
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }));
  return meaning(read, { type: 'integer', minimum: min, maximum: max });
}

/** `?dryRun=true`: all is checked as for real and nothing is changed. */
export function dryRun() {
  return queryFlag().optional();
}

/** The query of a change that takes `dryRun` and nothing else. */
export const dryRunQuery = z.strictObject({ dryRun: dryRun() });

/** The path parameter of most resources with a UUID. */
export const idParams = z.strictObject({ id: uuid() });

/** The path parameter of resources that people name. */
export const nameParams = z.strictObject({ name: identifier() });

/** The path parameter `{id}` of resources whose id people choose. */
export const identifierParams = z.strictObject({ id: identifier() });

function isRealTime(value: string): boolean {
  const ms = Date.parse(value);
  if (Number.isNaN(ms) || ms < FIRST_MS || new Date(ms).getUTCFullYear() > 2037) return false;
  // 31 June would become 1 July.
  const day = Number(value.slice(8, 10));
  return new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)) - 1, day)).getUTCDate() === day;
}
