import type { JsonSchema } from '#api/query-schema';

/** A field of a body, for a table. */
export interface SchemaRow {
  /** `slices[].name` */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
}

const MAX_DEPTH = 4;

type Schemas = Readonly<Record<string, JsonSchema>>;

/** The fields of an object, those of objects within it below them. */
export function schemaRows(schema: JsonSchema, schemas: Schemas, prefix = '', depth = 0): readonly SchemaRow[] {
  const object = resolved(schema, schemas);
  const { properties = {}, required = [] } = object as {
    readonly properties?: Schemas;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).flatMap(([name, given]) => {
    const field = resolved(given, schemas);
    const path = `${prefix}${name}${field.type === 'array' ? '[]' : ''}`;
    const row = { path, type: typeOf(field, schemas), isRequired: required.includes(name), description: textOf(field) };
    if (depth >= MAX_DEPTH) return [row];
    return [row, ...schemaRows(innerOf(field, schemas), schemas, `${path}.`, depth + 1)];
  });
}

/** `integer, 1 to 200`, `rw | ro`, `array of string` */
export function typeOf(given: JsonSchema, schemas: Schemas): string {
  const schema = resolved(given, schemas);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return [...new Set(choices.map((choice) => typeOf(choice, schemas)))].join(' or ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => String(value)).join(' | ');
  if (schema.type === 'array') {
    return `array of ${isSchema(schema.items) ? typeOf(schema.items, schemas) : 'anything'}`;
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'anything');
  return `${typeof schema.format === 'string' ? schema.format : type}${limitsOf(schema)}`;
}

export function resolved(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.replace('#/components/schemas/', '') : undefined;
  return name === undefined ? schema : (schemas[name] ?? {});
}

/** Of an array its items, of a choice the object among them. */
function innerOf(schema: JsonSchema, schemas: Schemas): JsonSchema {
  if (isSchema(schema.items)) return innerOf(resolved(schema.items, schemas), schemas);
  const choices = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(choices)) return schema;
  return choices.map((choice) => resolved(choice, schemas)).find((choice) => 'properties' in choice) ?? {};
}

function limitsOf({ minimum, maximum, maxLength }: JsonSchema): string {
  const isBound = (value: unknown) => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (isBound(minimum) && isBound(maximum)) return `, ${minimum} to ${maximum}`;
  if (isBound(minimum)) return `, from ${minimum}`;
  return typeof maxLength === 'number' ? `, up to ${maxLength}` : '';
}

function textOf({ description, default: preset }: JsonSchema): string {
  const said = typeof description === 'string' ? description : '';
  return preset === undefined ? said : `${said}${said === '' ? '' : '; '}default \`${JSON.stringify(preset)}\``;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
