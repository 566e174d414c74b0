import { type Arbitrary, fc } from './properties.ts';

export type Schema = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 6;

/** Values that a JSON Schema of ours accepts: of the words that the API's schemas use, others throw. */
export function valuesOf(schema: Schema, depth = 0): Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map((choice) => valuesOf(choice, depth + 1)));
  if (Array.isArray(schema.allOf)) throw new Error('no values can be made for allOf');
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => valuesOf({ ...schema, type }, depth + 1)));
  }
  switch (schema.type) {
    case 'object':
      return objectsOf(schema, depth);
    case 'array':
      return arraysOf(schema, depth);
    case 'string':
      return stringsOf(schema);
    case 'integer':
      return fc.integer({ min: clamped(schema.minimum, -(2 ** 31)), max: clamped(schema.maximum, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: clamped(schema.minimum, -1e9), max: clamped(schema.maximum, 1e9), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case undefined:
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no values can be made for the type ${String(schema.type)}`);
  }
}

function objectsOf(schema: Schema, depth: number): Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const required = (schema.required ?? []) as readonly string[];
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, valuesOf(property, depth + 1)])),
    { requiredKeys: required as string[], noNullPrototype: true },
  );
  const others = schema.additionalProperties;
  if (typeof others !== 'object' || others === null || depth > MAX_DEPTH) return known;
  const names =
    schema.propertyNames === undefined ? fc.stringMatching(/^[a-z]{1,8}$/) : valuesOf(schema.propertyNames as Schema);
  const free = fc.dictionary(names as Arbitrary<string>, valuesOf(others as Schema, depth + 1), {
    maxKeys: Math.min(4, Number(schema.maxProperties ?? 4)),
    minKeys: Number(schema.minProperties ?? 0),
    noNullPrototype: true,
  });
  return fc.tuple(free, known).map(([extra, own]) => ({ ...extra, ...own }));
}

function arraysOf(schema: Schema, depth: number): Arbitrary<unknown> {
  const items = (schema.items ?? {}) as Schema;
  const minLength = Number(schema.minItems ?? 0);
  const maxLength = Math.max(minLength, Math.min(5, Number(schema.maxItems ?? 5)));
  if (schema.uniqueItems === true) return fc.uniqueArray(valuesOf(items, depth + 1), { minLength, maxLength });
  return fc.array(valuesOf(items, depth + 1), { minLength, maxLength: depth > MAX_DEPTH ? minLength : maxLength });
}

function stringsOf({ pattern, format, minLength, maxLength }: Schema): Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('1980-01-01'), max: new Date('2037-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (format === 'uuid') return fc.uuid();
  const least = Number(minLength ?? 0);
  const most = Math.min(Number(maxLength ?? 50), 60);
  if (typeof pattern !== 'string') return fc.string({ minLength: least, maxLength: Math.max(least, most) });
  // fast-check knows no code points beyond what the flag u brings; long repetitions only take time.
  const shorter = pattern.replace(
    /\{(\d+),(\d+)\}/g,
    (_, min, max) => `{${min},${Math.min(Number(max), Number(min) + 20)}}`,
  );
  return fc.stringMatching(new RegExp(shorter, 'u'));
}

function clamped(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)) : otherwise;
}
