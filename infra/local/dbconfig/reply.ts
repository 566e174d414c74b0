import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends JSON; what is found has an ETag, and is not sent to whoever has it. */
export function sendReply(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Reply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
  const isFound = status === 200 && request.method === 'GET';
  if (isFound && request.headers['if-none-match'] === etag) {
    response.writeHead(304, { ...headers, etag }).end();
    return;
  }
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers, ...(isFound ? { etag } : {}) })
    .end(text);
}
