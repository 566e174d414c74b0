import type { IncomingMessage, ServerResponse } from 'node:http';

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** An empty answer would end series and targets; this one keeps them. */
export function sendStarting(response: ServerResponse): void {
  response.setHeader('Retry-After', '1');
  sendJson(response, 503, { error: 'starting: registry and fleet are not known yet' });
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
