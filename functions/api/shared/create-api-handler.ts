import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import { madeOnce } from '@proxywatch/core/config/made-once';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import type { ApiRuntime } from './api-runtime.ts';
import type { Exchange } from './exchange.ts';
import { createRouteTable, type KnownOperation } from './find-route.ts';
import { basePathOf, finishAnswer } from './finish-answer.ts';
import type { ApiHandler, GatewayEvent, LambdaContext } from './gateway-event.ts';
import { logExchange } from './log-exchange.ts';
import { problemAnswer } from './problem.ts';
import { readHeaders } from './request-headers.ts';
import type { AnyRoute, ApiModule } from './route.ts';
import { allowedBy, serveRequest } from './serve-request.ts';

export interface ApiHandlerOptions {
  /** All that the API has: the module that answers for unknown paths tells by them which methods a path takes. @default - its own */
  readonly known?: readonly KnownOperation[];
}

interface MiddyRequest {
  event: unknown;
  context: unknown;
  response: unknown;
  error: unknown;
}

const fallbackLog = createJsonLog((line) => process.stdout.write(line));

/**
 * The Lambda of a module: events of a REST API in, answers of its routes out, problems included; it never rejects.
 * `createRuntime` is called at the first request, and again as long as it fails.
 */
export function createApiHandler(
  module: ApiModule,
  routes: readonly AnyRoute[],
  createRuntime: () => ApiRuntime | Promise<ApiRuntime>,
  options: ApiHandlerOptions = {},
): ApiHandler {
  const own = routes.filter((route) => route.module === module);
  const table = createRouteTable(own, options.known ?? own);
  const fetchRuntime = madeOnce(async () => createRuntime());

  const handler = middy({ timeoutEarlyInMillis: 0 })
    .use({ before: openExchange, after: finish, onError: finish })
    .handler(async (given: unknown) => {
      const exchange = given as Exchange;
      const runtime = await fetchRuntime();
      exchange.runtime = runtime;
      return serveRequest(exchange, runtime, table);
    });
  return (event, context) => handler(event, context as never);
}

function openExchange(request: MiddyRequest): void {
  const event = request.event as GatewayEvent;
  request.event = {
    event,
    context: request.context as LambdaContext,
    requestId: requestIdOf(event),
    startedMs: performance.now(),
    headers: readHeaders(event),
  } satisfies Exchange;
}

function finish(request: MiddyRequest): void {
  const exchange = request.event as Exchange;
  const { runtime, requestId } = exchange;
  if (request.error) exchange.error = request.error;
  exchange.answer = (request.error ? undefined : request.response) as Exchange['answer'];
  exchange.answer ??= problemOf(exchange.error, requestId, runtime);
  const result = finishAnswer(exchange.answer, requestId, basePathOf(exchange.event));
  logExchange(runtime?.deps.log ?? fallbackLog, exchange, result.statusCode);
  request.response = result;
}

function problemOf(error: unknown, requestId: string, runtime: ApiRuntime | undefined) {
  const answer = problemAnswer(error, requestId);
  const allowed = allowedBy(error);
  const challenge = answer.status === 401 ? runtime?.authenticator.challenge : undefined;
  return {
    ...answer,
    headers: {
      ...answer.headers,
      ...(allowed !== undefined && { allow: allowed.join(', ') }),
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
    },
  };
}

function requestIdOf(event: GatewayEvent): string {
  const given = event.requestContext.requestId;
  return /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}
