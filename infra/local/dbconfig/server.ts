import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { type Availability, answerAdmin } from './admin-routes.ts';
import type { Catalogue } from './catalogue.ts';
import { type Reply, sendReply } from './reply.ts';

const MAX_BODY_BYTES = 1 << 20;

export interface DbconfigServerOptions {
  readonly catalogue: Catalogue;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Asked of everybody when set. */
  readonly token?: string | undefined;
  readonly log: (line: string) => void;
}

export interface DbconfigServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The database configuration service as docs/dbconfig.openapi.json describes it, over clusters in memory, with routes under
 * /admin that change them. Rejects with PORT_TAKEN.
 */
export async function startDbconfigServer(options: DbconfigServerOptions): Promise<DbconfigServer> {
  const { host, port, log } = options;
  const state: Availability = { isAvailable: true };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(options, state, request, response).catch((error: unknown) => {
      log(`${request.method} failed: ${messageOf(error)}`);
      if (!response.headersSent) sendReply(request, response, { status: 500, body: { error: 'internal error' } });
    });
  });
  await listen(server, host, port);
  const address = server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

async function answer(
  { catalogue, token, log }: DbconfigServerOptions,
  state: Availability,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET' } = request;
  const url = URL.parse(request.url ?? '/', 'http://dbconfig');
  const parts = url === null ? undefined : pathParts(url.pathname);
  const body = await readBody(request);
  const send = (reply: Reply) => sendReply(request, response, reply);
  if (url === null || parts === undefined) return send({ status: 400, body: { error: 'the path is none' } });
  if (body === undefined) return send({ status: 413, body: { error: `more than ${MAX_BODY_BYTES} bytes` } });
  if (!isLetIn(request, token)) {
    return send({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: { error: 'a bearer token is needed' },
    });
  }
  if (parts[0] === 'admin') {
    const reply = answerAdmin(catalogue, state, method, parts.slice(1), body);
    if (reply !== undefined) log(`${method} ${url.pathname}: ${reply.status}`);
    return send(reply ?? { status: 404, body: { error: 'there is no such path' } });
  }
  if (!state.isAvailable) return send({ status: 503, body: { error: 'switched off by PUT /admin/availability' } });
  const reply = read(catalogue, parts, url.searchParams.get('since') ?? undefined);
  if (reply.status !== 404 && method !== 'GET') {
    return send({ status: 405, headers: { allow: 'GET' }, body: { error: 'only GET' } });
  }
  send(reply);
}

function read(catalogue: Catalogue, [first, id, third, ...more]: readonly string[], since: string | undefined): Reply {
  if (first === 'changes' && id === undefined) {
    const changes = catalogue.changes(since);
    return changes
      ? { status: 200, body: changes }
      : { status: 410, body: { error: 'the cursor is not known (any more)' } };
  }
  if (first === 'clusters' && id === undefined) return { status: 200, body: { items: catalogue.clusters() } };
  if (first === 'clusters' && id !== undefined && more.length === 0) {
    if (third === undefined) return found(catalogue.cluster(id));
    const instances = catalogue.instances(id);
    if (third === 'instances') return found(instances && { items: instances });
  }
  return { status: 404, body: { error: 'there is no such path' } };
}

function found(body: unknown): Reply {
  return body === undefined ? { status: 404, body: { error: 'there is no such cluster' } } : { status: 200, body };
}

/** `undefined`: the path is not encoded as paths are. */
function pathParts(path: string): readonly string[] | undefined {
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** `undefined`: it is longer than it may be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function isLetIn(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return true;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`));
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise.catch((cause: unknown) => {
    throw new ProxywatchError('PORT_TAKEN', `cannot listen on ${host}:${port}: choose another with DBCONFIG_PORT`, {
      cause,
    });
  });
  server.off('error', reject);
}
