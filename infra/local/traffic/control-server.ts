import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';

/** What the control port does. */
export interface Control {
  pause(): Promise<void>;
  resume(): void;
  status(): unknown;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * HTTP on loopback: `POST /pause` (answers once nothing is in flight), `POST /resume`, `GET /status`; each answers with
 * the status as JSON. Port 0 takes a free one. Rejects with PORT_TAKEN.
 */
export async function startControlServer(port: number, control: Control): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(control, request, response).catch((error: unknown) => send(response, 500, { error: messageOf(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ProxywatchError('PORT_TAKEN', `cannot listen on port ${port}: choose another with TRAFFIC_CONTROL_PORT`, {
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(control: Control, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const route = `${request.method} ${request.url}`;
  if (route === 'POST /pause') await control.pause();
  else if (route === 'POST /resume') control.resume();
  else if (route !== 'GET /status') return send(response, 404, { error: 'POST /pause, POST /resume or GET /status' });
  send(response, 200, control.status());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
