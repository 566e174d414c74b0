import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { GatewayResult } from '../../functions/api/shared/gateway-event.ts';
import { answerOf, eventOf, type TestAnswer } from '../support/api-harness.ts';
import type { AwsCalls } from './aws-calls.ts';
import { invoke } from './invoke.ts';

/** A method of a deployed REST API. */
export interface RestMethod {
  readonly authorizationType: string;
  readonly integrationType: string;
  /** Of the function behind it. */
  readonly functionArn: string;
}

export interface RestClient {
  /** The method that API Gateway would take, by its rules: words before parameters, methods before ANY. */
  resolve(method: string, path: string): Resolved | undefined;
  /** Goes to the function behind the path, with the event that API Gateway would send. */
  call(method: string, target: string, options?: RestCall): Promise<TestAnswer>;
}

export interface RestCall {
  /** ARN of the principal that signed; without it nobody did. */
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Resolved extends RestMethod {
  readonly resource: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Resource {
  readonly path: string;
  readonly resourceMethods?: Readonly<Record<string, Method>>;
}

interface Method {
  readonly authorizationType: string;
  readonly methodIntegration: { readonly type: string; readonly uri: string; readonly httpMethod: string };
}

const FUNCTION = /\/functions\/(arn:aws:lambda:[^/]+)\/invocations$/;

/** The deployed REST API, as far as its resources, methods and integrations can be read back. */
export async function createRestClient(aws: AwsCalls, lambda: LambdaClient, apiId: string): Promise<RestClient> {
  const { items } = await aws.call<{ items: readonly Resource[] }>('apigateway', 'get_resources', {
    restApiId: apiId,
    limit: 500,
    embed: ['methods'],
  });

  function resolve(method: string, path: string): Resolved | undefined {
    const fitting = items.flatMap(({ path: template, resourceMethods = {} }) => {
      const parameters = match(template, path);
      const found = resourceMethods[method] ?? resourceMethods.ANY;
      return parameters === undefined || found === undefined ? [] : [{ template, parameters, found }];
    });
    const [best] = fitting.toSorted((a, b) => vaguenessOf(a.template) - vaguenessOf(b.template));
    if (best === undefined) return undefined;
    const { authorizationType, methodIntegration } = best.found;
    return {
      resource: best.template,
      parameters: best.parameters,
      authorizationType,
      integrationType: methodIntegration.type,
      functionArn: FUNCTION.exec(methodIntegration.uri)?.[1] ?? '',
    };
  }

  return {
    resolve,
    async call(method, target, { as, body, headers = {} } = {}) {
      const url = new URL(`http://api.test${target}`);
      const found = resolve(method, url.pathname);
      if (found === undefined) throw new Error(`the deployed API has nothing for ${method} ${url.pathname}`);
      const event = eventOf(method, url, found.resource, found.parameters, { as: 'nobody', body, headers });
      const identity = { sourceIp: '192.0.2.1', ...(as !== undefined && { userArn: as }) };
      const requestContext = { ...event.requestContext, identity };
      return answerOf(await invoke<GatewayResult>(lambda, found.functionArn, { ...event, requestContext }));
    },
  };
}

function match(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  const pattern = template.replace(/\{(\w+)(\+?)\}|[^{]+/g, (part, name?: string, rest?: string) => {
    if (name === undefined) return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
    names.push(name);
    return rest === '+' ? '(.+)' : '([^/]+)';
  });
  const values = new RegExp(`^${pattern}$`).exec(path)?.slice(1);
  if (values === undefined) return undefined;
  return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(values[i] ?? '')]));
}

function vaguenessOf(template: string): number {
  return template.includes('+}') ? 1_000 : template.split('{').length;
}
