import type { JsonSchema } from '#api/query-schema';
import type { AnyRoute } from '#api/route';
import { type ParameterPart, parameterReference } from './common-parts.ts';
import type { Operation, Parameter, Reference, RequestBody } from './document-types.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { isRevised, responsesOf } from './responses.ts';

type AddComponents = (components: Readonly<Record<string, JsonSchema>>) => void;

/** A route as the document tells of it. */
export function operationOf(route: AnyRoute, add: AddComponents): Operation {
  const { operationId, module, summary, role } = route;
  const requestBody = bodyOf(route, add);
  return {
    operationId,
    tags: [module],
    summary,
    description: descriptionOf(route),
    'x-required-role': role,
    // A public operation takes no credentials; all others one of those that stand for the whole document.
    ...(role === 'public' && { security: [] }),
    parameters: [...parametersIn('path', route, add), ...parametersIn('query', route, add), ...headersIn(route)],
    ...(requestBody !== undefined && { requestBody }),
    responses: responsesOf(route, add),
  };
}

function descriptionOf({ description = '', role }: AnyRoute): string {
  const needed = role === 'public' ? 'Open to everybody.' : `Needs the role **${role}**.`;
  return description === '' ? needed : `${description}\n\n${needed}`;
}

function parametersIn(place: 'path' | 'query', route: AnyRoute, add: AddComponents): readonly Parameter[] {
  const zod = place === 'path' ? route.params : route.query;
  if (zod === undefined) return [];
  const { schema, components } = jsonSchemaOf(
    zod,
    'input',
    `${route.operationId}${place === 'path' ? 'Path' : 'Query'}`,
  );
  add(components);
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...json }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema: json,
    // `a,b` and not one parameter for each.
    ...(json.type === 'array' && { style: 'form' as const, explode: false }),
  }));
}

function headersIn(route: AnyRoute): readonly Reference[] {
  const names: ParameterPart[] = [];
  if (route.needsIfMatch === true) names.push('IfMatch');
  if (isRevised(route)) names.push('IfNoneMatch');
  if (route.method === 'POST') names.push('IdempotencyKey');
  if (route.method !== 'GET') names.push('Reason');
  return names.map(parameterReference);
}

function bodyOf({ body, operationId, example }: AnyRoute, add: AddComponents): RequestBody | undefined {
  if (body === undefined) return undefined;
  const { schema, components } = jsonSchemaOf(body, 'input', `${operationId}Body`);
  add(components);
  return {
    required: !body.safeParse(undefined).success,
    content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
  };
}
