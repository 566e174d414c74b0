import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import { sendJson } from './answers.ts';
import { ROUTES, type RouteContext } from './routes.ts';

/** More requests at once than this are told to come back: each may hold a whole exposition. */
const MAX_REQUESTS = 256;

export interface ServerOptions extends Omit<RouteContext, 'fleetPages'> {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no new requests and waits for those under way, at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** The HTTP side of a gateway. Rejects with PORT_TAKEN. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const context: RouteContext = { ...options, fleetPages: { underWay: 0 } };
  const open = new Set<ServerResponse>();
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (!server.listening) endConnectionAfter(response);
    void answer(context, options.log, request, response, open.size > MAX_REQUESTS);
  });
  await listen(server, options);
  // Such as no descriptor left for another connection: those that are open go on.
  server.on('error', (error) => options.log.error('server has a problem', { message: messageOf(error) }));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    async close(graceMs) {
      const closed = close(server, graceMs);
      for (const response of open) endConnectionAfter(response);
      await closed;
    },
  };
}

/** A connection that is kept alive would hold up the end of the server. */
function endConnectionAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

async function answer(
  context: RouteContext,
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
  isFull: boolean,
): Promise<void> {
  try {
    const url = URL.parse(request.url ?? '/', 'http://gateway');
    if (!url) return sendJson(response, 400, { error: 'the request is for no valid URL' });
    const route = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname] : undefined;
    if (!route) return sendJson(response, 404, { error: `no such path, there is ${Object.keys(ROUTES).join(' ')}` });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return sendJson(response, 405, { error: 'only GET and HEAD' });
    }
    if (isFull) {
      response.setHeader('Retry-After', '5');
      return sendJson(response, 503, { error: `${MAX_REQUESTS} requests are under way` });
    }
    await route(context, request, response, url);
  } catch (error) {
    // A reader that hung up or was cut off is no fault of ours, and there is nobody left to tell.
    if (response.headersSent || response.destroyed) return;
    log.error('request failed', { path: request.url, message: messageOf(error) });
    sendJson(response, 500, { error: 'internal error' });
  }
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise.catch((error: unknown) => {
    throw new ProxywatchError('PORT_TAKEN', `cannot listen on ${host}:${port} (GATEWAY_PORT): ${messageOf(error)}`, {
      cause: error,
    });
  });
  server.off('error', reject);
}

async function close(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearTimeout(timer);
}
