import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouteMatcher, type Matchable } from './match-route.ts';
import { type ProxyEvent, proxyEventOf } from './proxy-event.ts';

/** What a Lambda of a REST API answers. */
export interface ProxyResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export type ProxyHandler = (event: ProxyEvent, context: LambdaContext) => Promise<ProxyResult>;

export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

export interface RestApi<R extends Matchable> {
  readonly routes: readonly R[];
  handlerOf(route: R): ProxyHandler;
  /** Gets what no route matches, as the resource `/{proxy+}`. */
  readonly fallback: ProxyHandler;
}

export interface RestServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Resolves when no request is left. */
  stop(): Promise<void>;
}

/** API Gateway's own limits. */
const MAX_BODY_BYTES = 10_000_000;
const TIME_LIMIT_MS = 29_000;
/** Longer paths than API Gateway takes: what is too long there is refused with a reason here. */
const MAX_HEADER_BYTES = 262_144;
const FALLBACK = '/{proxy+}';

/** Does what API Gateway's REST API does, with functions of this process. `port` 0 takes a free one. */
export async function startRestServer<R extends Matchable>(api: RestApi<R>, port: number): Promise<RestServer> {
  const match = createRouteMatcher(api.routes);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(`http://local${request.url?.startsWith('/') ? request.url : '/'}`);
    const found = match(request.method ?? 'GET', url.pathname);
    const body = await readBody(request);
    if (body === undefined) return refuse(response, 413, 'Request Entity Too Large');
    const handler = found === undefined ? api.fallback : api.handlerOf(found.route);
    const parts = { resource: found?.route.path ?? FALLBACK, url, parameters: found?.parameters ?? {}, body };
    let event: ProxyEvent;
    try {
      event = proxyEventOf(request, parts);
    } catch {
      return refuse(response, 400, 'Bad Request');
    }
    const result = await withinTimeLimit((context) => handler(event, context), event.requestContext.requestId);
    if (result === undefined) return refuse(response, 504, 'Endpoint request timed out');
    send(response, result);
  }

  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 10_000, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => {
      // What a Lambda throws is never told to the caller.
      answer(request, response).catch(() => refuse(response, 502, 'Internal server error'));
    },
  );
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    stop: () => new Promise((resolve) => void server.close(() => resolve()).closeIdleConnections()),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // Read to the end, so that the answer is heard, but not kept.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

async function withinTimeLimit(
  run: (context: LambdaContext) => Promise<ProxyResult>,
  requestId: string,
): Promise<ProxyResult | undefined> {
  const endMs = performance.now() + TIME_LIMIT_MS;
  const context = {
    awsRequestId: requestId,
    functionName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endMs - performance.now())),
  };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), TIME_LIMIT_MS);
  });
  try {
    return await Promise.race([run(context), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function send(response: ServerResponse, result: ProxyResult): void {
  const { statusCode, headers = {}, multiValueHeaders = {}, body = '', isBase64Encoded = false } = result;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  for (const [name, values] of Object.entries(multiValueHeaders)) response.setHeader(name, values.map(String));
  response.writeHead(statusCode).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

/** As API Gateway words what never reached a function. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
