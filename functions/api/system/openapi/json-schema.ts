import { z } from 'zod';
import { type JsonSchema, meaningOf } from '#api/query-schema';

export interface SchemaParts {
  readonly schema: JsonSchema;
  /** What the schema refers to, by name; the references are `#/components/schemas/<name>`. */
  readonly components: Readonly<Record<string, JsonSchema>>;
}

/**
 * The JSON Schema (2020-12) of what goes in, or of what comes out. Schemas that contain themselves become components whose
 * names begin with `name`.
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output', name: string): SchemaParts {
  const whole = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const meant = meaningOf(zodSchema);
      if (meant !== undefined) {
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
        Object.assign(jsonSchema, meant);
      }
      // Of what goes in as a text and comes out as something else, zod leaves it out.
      const { def } = zodSchema._zod;
      if (def.type === 'default' && io === 'input') jsonSchema.default = def.defaultValue as never;
    },
  }) as Record<string, unknown>;
  const { $schema: _, $defs = {}, ...rest } = whole;
  const definitions = Object.entries($defs as Record<string, JsonSchema>);
  const moved = (json: JsonSchema) => movedReferences(json, name) as JsonSchema;
  const components = Object.fromEntries(definitions.map(([id, json]) => [componentName(name, id), moved(json)]));
  if (!JSON.stringify(rest).includes('"$ref":"#"')) return { schema: moved(rest), components };
  return {
    schema: { $ref: `#/components/schemas/${name}` },
    components: { ...components, [name]: moved(rest) },
  };
}

/** The fields of an object, also of one that is made into something else; none of anything but an object. */
export function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, unknown>> {
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in as z.ZodType);
  return schema instanceof z.ZodObject ? schema.shape : {};
}

function movedReferences(json: unknown, name: string): unknown {
  if (Array.isArray(json)) return json.map((item) => movedReferences(item, name));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string') return [key, movedReferences(value, name)];
      const id = value.replace(/^#\/\$defs\//, '');
      return [key, `#/components/schemas/${value === '#' ? name : componentName(name, id)}`];
    }),
  );
}

function componentName(name: string, id: string): string {
  return `${name}_${id.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;
}
