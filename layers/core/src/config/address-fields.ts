import { field, quoted } from './field.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `redis://` or `rediss://` (TLS), optionally with user and password; see drivers/redis for its parameters. */
export function redisUrl() {
  return url('redis://host:port or rediss://host:port', ['redis:', 'rediss:'], () => undefined);
}

/** `mysql://user:password@host:port/database`; see drivers/dcdb for its parameters. */
export function mysqlUrl() {
  return url('mysql://user:password@host:port/database', ['mysql:'], ({ username, pathname }) => {
    if (username === '') return 'has no user';
    return /^\/[^/]+$/.test(pathname) ? undefined : 'has no database';
  });
}

export function httpUrl() {
  return url('http://host:port or https://host', ['http:', 'https:'], () => undefined);
}

/** `host:port,host:port`, at least one; an IPv6 host stands in brackets. */
export function hostPorts() {
  return field('host:port, several separated by commas', (text) => {
    const parts = text.split(',').map((part) => part.trim());
    const addresses = parts.map(hostPortOf);
    const wrong = parts.filter((_, i) => addresses[i] === undefined);
    if (wrong.length > 0) return { problem: `${wrong.map(quoted).join(' and ')} is no address` };
    return { value: addresses.filter((address) => address !== undefined) };
  });
}

/** The text of a URL that was checked. No part of it is repeated in a problem: it may carry a password anywhere. */
function url(expected: string, schemes: readonly string[], problemOf: (parsed: URL) => string | undefined) {
  return field<string>(expected, (text) => {
    if (!URL.canParse(text)) return { problem: 'is no URL' };
    const parsed = new URL(text);
    if (!schemes.includes(parsed.protocol)) return { problem: 'has another scheme' };
    if (parsed.hostname === '') return { problem: 'has no host' };
    if (parsed.port === '0') return { problem: 'has port 0' };
    const problem = problemOf(parsed);
    return problem === undefined ? { value: text } : { problem };
  });
}

function hostPortOf(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
