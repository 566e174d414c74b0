import { Aws } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { AnyRoute, ApiModule } from '../../../functions/api/shared/route.ts';
import { gatewayResponses } from './gateway-responses.ts';

export interface ApiSpecOptions {
  readonly title: string;
  readonly routes: readonly AnyRoute[];
  readonly functions: Readonly<Record<ApiModule, IFunction>>;
  /** `iam`: API Gateway checks signatures; `jwt`: functions check tokens. */
  readonly auth: 'iam' | 'jwt';
}

/** The longest that API Gateway waits. */
const TIME_LIMIT_MS = 29_000;
const SIGNED = [{ sigv4: [] }];

/**
 * What API Gateway makes the API of (OpenAPI 3.0.1). It is about who answers: parameters and bodies are checked by functions,
 * and told of by their own document, `/openapi.json`.
 *
 * A path takes any method to its module, and any other path goes to `system`: they answer with 405 and 404 as everywhere,
 * and API Gateway itself would say of both that a token is missing.
 */
export function apiSpec({ title, routes, functions, auth }: ApiSpecOptions): object {
  const security = auth === 'iam' ? SIGNED : [];
  const paths: Record<string, Record<string, object>> = {};
  for (const { path, method, module, operationId, role } of routes) {
    const operation = operationFor(functions[module], path);
    paths[path] ??= { 'x-amazon-apigateway-any-method': { ...operation, security } };
    // Nothing is signed for whom it is open to.
    paths[path][method.toLowerCase()] = { operationId, ...operation, security: role === 'public' ? [] : security };
  }
  for (const path of ['/', '/{proxy+}']) {
    paths[path] = { 'x-amazon-apigateway-any-method': { ...operationFor(functions.system, path), security } };
  }
  return {
    openapi: '3.0.1',
    info: { title, version: '1' },
    paths,
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
    'x-amazon-apigateway-gateway-responses': gatewayResponses(),
  };
}

function operationFor(made: IFunction, path: string) {
  const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name);
  return {
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    responses: { 200: { description: 'as /openapi.json says' } },
    'x-amazon-apigateway-integration': {
      type: 'aws_proxy',
      httpMethod: 'POST',
      uri: `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${made.functionArn}/invocations`,
      passthroughBehavior: 'when_no_match',
      timeoutInMillis: TIME_LIMIT_MS,
    },
  };
}
