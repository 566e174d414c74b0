import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedHttp {
  readonly url: string;
  /** `GET /path`, as they came. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers'] }[];
  /** What answers the next requests. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** An HTTP server that answers whatever a test says. */
export async function startScriptedHttp(answer: ScriptedHttp['answer']): Promise<ScriptedHttp> {
  const server = createServer((request, response) => {
    scripted.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    scripted.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scripted: ScriptedHttp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return scripted;
}

export function json(body: unknown, status = 200): ScriptedHttp['answer'] {
  return (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
