import type { JsonSchema } from '#api/query-schema';
import type { AnyRoute, ApiModule } from '#api/route';
import { HEADERS, PARAMETERS, PROBLEM_SCHEMA, problemResponses } from './common-parts.ts';
import type { OpenApiDocument, Operation } from './document-types.ts';
import { operationOf } from './operation.ts';

export const API_VERSION = '1.0.0';

const TAGS: Readonly<Record<ApiModule, string>> = {
  accounts: 'Accounts that clients log in to proxies with',
  databases: 'Database clusters behind the proxies, as the database configuration service knows them',
  proxies: 'The proxies themselves: registration, life cycle, what they are doing',
  namespaces: 'Tenants, and how their desired state gets to the proxies: plan, apply, roll back, drift',
  monitoring: 'What is collected, and what was found: top SQL, errors, slow SQL, metrics, alerts, gateways',
  variables: 'System variables of the proxies',
  system: 'Who may do what, what was done, and how the system is',
};

const DESCRIPTION = [
  'Monitoring and management of fleets of MySQL-protocol database proxies.',
  'Problems are `application/problem+json`. Lists take `filter[field]`, `filter[field][op]`, `sort`, `limit` and `cursor`. ' +
    'PATCH and DELETE need `If-Match`, POST takes an `Idempotency-Key`. Unknown fields and parameters are refused by name.',
].join('\n\n');

/** The OpenAPI 3.1 document of these routes: the same routes make the same document. */
export function createDocument(routes: readonly AnyRoute[]): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = { Problem: PROBLEM_SCHEMA };
  const paths: Record<string, Record<string, Operation>> = {};
  const add = (components: Readonly<Record<string, JsonSchema>>) => void Object.assign(schemas, components);
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, add) };
  }
  const modules = new Set(routes.map(({ module }) => module));
  return {
    openapi: '3.1.0',
    info: { title: 'Proxywatch', version: API_VERSION, description: DESCRIPTION },
    // Beside this document: on AWS below the stage.
    servers: [{ url: '.' }],
    security: [{ bearer: [] }, { sigv4: [] }],
    tags: Object.entries(TAGS)
      .filter(([name]) => modules.has(name as ApiModule))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: problemResponses(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of the configured issuer for the configured audience.',
        },
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          description: 'A request signed by an IAM principal (AWS Signature Version 4).',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
  };
}
