import type { z } from 'zod';

/** JSON Schema of a value, as the OpenAPI document shows it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a text in a query or path stands for; zod would tell of the text. */
const meanings = new WeakMap<object, JsonSchema>();

/** Has the document tell of `meaning` where this schema stands. */
export function meaning<T extends z.ZodType>(schema: T, json: JsonSchema): T {
  meanings.set(schema, json);
  return schema;
}

export function meaningOf(schema: object): JsonSchema | undefined {
  return meanings.get(schema);
}
