/** What of an OpenAPI 3.1 document the command line goes by. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation | undefined>>>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly parameters?: Readonly<Record<string, ApiParameter>>;
  };
}

export interface ApiOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly (ApiParameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema } | undefined>> };
  readonly responses?: Readonly<Record<string, unknown>>;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly description?: string;
}

/** An operation as somebody types it. */
export interface Command {
  readonly operationId: string;
  readonly summary: string;
  readonly method: string;
  readonly path: string;
  /** `accounts rotate-password`: literal segments of the path, with a verb where the path has none. */
  readonly words: readonly string[];
  /** Names of the path's parameters, in their order. */
  readonly args: readonly string[];
  readonly query: readonly ApiParameter[];
  readonly needsIfMatch: boolean;
  /** Properties of a JSON body, by name; `undefined`: it takes none. */
  readonly body: Readonly<Record<string, Schema>> | undefined;
  readonly requiredBody: readonly string[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const VERBS: Readonly<Record<string, string>> = { post: 'create', put: 'set', patch: 'update', delete: 'delete' };

/** All commands, in the order of their words. */
export function commandsOf(document: ApiDocument): readonly Command[] {
  const commands = Object.entries(document.paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      return operation === undefined ? [] : [commandOf(document, method, path, operation)];
    }),
  );
  return commands.toSorted((a, b) => (a.words.join(' ') < b.words.join(' ') ? -1 : 1));
}

function commandOf(document: ApiDocument, method: string, path: string, operation: ApiOperation): Command {
  const segments = path.split('/').slice(1);
  const parameters = (operation.parameters ?? []).flatMap((parameter) => {
    return '$ref' in parameter ? (document.components?.parameters?.[nameOf(parameter.$ref)] ?? []) : parameter;
  });
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const { properties, required } = schema === undefined ? {} : shapeOf(document, schema);
  return {
    operationId: operation.operationId,
    summary: operation.summary ?? '',
    method: method.toUpperCase(),
    path,
    words: wordsOf(method, segments),
    args: segments.filter(isParameter).map((segment) => segment.slice(1, -1)),
    query: parameters.filter((parameter) => parameter.in === 'query'),
    needsIfMatch: parameters.some(({ in: place, name }) => place === 'header' && name.toLowerCase() === 'if-match'),
    body: properties,
    requiredBody: required ?? [],
  };
}

function wordsOf(method: string, segments: readonly string[]): readonly string[] {
  const literals = segments.filter((segment) => !isParameter(segment) && segment !== 'v1' && segment !== 'actions');
  const verb = segments.includes('actions') ? undefined : VERBS[method];
  return verb === undefined ? literals : [...literals, verb];
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

/** Properties of an object, of all variants where there are several. */
function shapeOf(document: ApiDocument, schema: Schema): Pick<Schema, 'properties' | 'required'> {
  const resolved = resolve(document, schema);
  const variants = [...(resolved.anyOf ?? []), ...(resolved.oneOf ?? []), ...(resolved.allOf ?? [])];
  const shapes = variants.map((variant) => shapeOf(document, variant));
  const own = Object.entries(resolved.properties ?? {}).map(
    ([name, value]) => [name, resolve(document, value)] as const,
  );
  const others = shapes.flatMap(({ properties = {} }) => Object.entries(properties));
  return { properties: Object.fromEntries([...others, ...own]), required: resolved.required ?? [] };
}

function resolve(document: ApiDocument, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (document.components?.schemas?.[nameOf(schema.$ref)] ?? {});
}

/** `#/components/schemas/Account` */
function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
