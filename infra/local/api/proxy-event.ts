import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The part of a REST API's proxy event (payload format 1.0) that API Gateway fills in for a Lambda. */
export interface ProxyEvent {
  readonly resource: string;
  readonly path: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly queryStringParameters: Readonly<Record<string, string>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>> | null;
  readonly pathParameters: Readonly<Record<string, string>> | null;
  readonly stageVariables: null;
  readonly requestContext: {
    readonly resourcePath: string;
    readonly httpMethod: string;
    readonly path: string;
    readonly stage: string;
    readonly requestId: string;
    readonly requestTimeEpoch: number;
    readonly identity: { readonly sourceIp: string; readonly userAgent: string | null };
  };
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

export interface EventParts {
  /** Template of the route: `/v1/accounts/{id}`. */
  readonly resource: string;
  readonly url: URL;
  /** Still percent-encoded. Throws URIError when one is broken. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The event that API Gateway would make of a request. */
export function proxyEventOf(request: IncomingMessage, { resource, url, parameters, body }: EventParts): ProxyEvent {
  const method = request.method ?? 'GET';
  const headers = multiHeadersOf(request);
  const query = multiQueryOf(url.searchParams);
  const path = url.pathname;
  return {
    resource,
    path,
    httpMethod: method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: nullIfEmpty(lastOf(query)),
    multiValueQueryStringParameters: nullIfEmpty(query),
    pathParameters: nullIfEmpty(mapValues(parameters, decodeURIComponent)),
    stageVariables: null,
    requestContext: {
      resourcePath: resource,
      httpMethod: method,
      path,
      stage: 'local',
      requestId: randomUUID(),
      requestTimeEpoch: Date.now(),
      identity: {
        sourceIp: request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
        userAgent: request.headers['user-agent'] ?? null,
      },
    },
    ...textOf(body),
  };
}

/** As text where it is text: what is no UTF-8 must not be changed on the way. */
function textOf(body: Buffer): Pick<ProxyEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { body: null, isBase64Encoded: false };
  const text = body.toString('utf8');
  const isText = Buffer.from(text).equals(body);
  return { body: isText ? text : body.toString('base64'), isBase64Encoded: !isText };
}

function multiHeadersOf({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : []));
  return grouped(pairs);
}

function multiQueryOf(parameters: URLSearchParams): Record<string, string[]> {
  return grouped([...parameters]);
}

/** Values by name, on an object without a prototype: names come from strangers. */
function grouped(pairs: readonly (readonly [name: string, value: string])[]): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    values[name] ??= [];
    values[name].push(value);
  }
  return values;
}

function lastOf(values: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return mapValues(values, (all) => all.at(-1) ?? '');
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  const mapped: Record<string, U> = Object.create(null);
  for (const [name, value] of Object.entries(values)) mapped[name] = map(value);
  return mapped;
}

function nullIfEmpty<T extends object>(values: T): T | null {
  return Object.keys(values).length === 0 ? null : values;
}
