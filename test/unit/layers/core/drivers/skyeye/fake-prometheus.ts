import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { afterEach } from '@jest/globals';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly form: URLSearchParams;
}

export interface FakePrometheus {
  readonly url: string;
  readonly received: readonly Received[];
}

type Handler = (request: Received, response: ServerResponse) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers as the test says; ends with the test. */
export async function fakePrometheus(handler: Handler): Promise<FakePrometheus> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    const one = { method, path: url, headers, body, form: new URLSearchParams(body) };
    received.push(one);
    handler(one, response);
  });
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, received };
}

export function answer(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function success(response: ServerResponse, data: unknown, rest: object = {}): void {
  answer(response, { status: 'success', data, ...rest });
}
