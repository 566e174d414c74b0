import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { GatewayEvent } from './gateway-event.ts';

/** Headers whose meaning would be in doubt if they came twice. */
const SINGLE = ['authorization', 'content-type', 'if-match', 'if-none-match', 'idempotency-key', 'x-reason'] as const;

export type HeaderName = (typeof SINGLE)[number];
export type RequestHeaders = Readonly<Partial<Record<HeaderName, readonly string[]>>>;

/** The headers that the API reads, by name in lower case, with all values that were given. */
export function readHeaders({ multiValueHeaders }: Pick<GatewayEvent, 'multiValueHeaders'>): RequestHeaders {
  const headers: Partial<Record<HeaderName, string[]>> = {};
  for (const [given, values = []] of Object.entries(multiValueHeaders ?? {})) {
    const name = SINGLE.find((candidate) => candidate === given.toLowerCase());
    if (name !== undefined) headers[name] = [...(headers[name] ?? []), ...values];
  }
  return headers;
}

/** The one value; throws REQUEST_INVALID when there are more. */
export function headerOf(headers: RequestHeaders, name: HeaderName): string | undefined {
  const values = headers[name] ?? [];
  if (values.length > 1) throw invalidHeader(name, 'given more than once');
  return values[0]?.trim();
}

export function invalidHeader(name: HeaderName, message: string): ProxywatchError {
  return new ProxywatchError('REQUEST_INVALID', `the header ${name} is not right`, {
    problems: [{ pointer: name, message }],
  });
}
