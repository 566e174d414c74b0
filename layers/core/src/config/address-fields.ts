import { checkDcdbUrl, DCDB_URL_FORM } from './dcdb-url.ts';
import { type FieldResult, field, quoted } from './field.ts';
import { checkRedisUrl, REDIS_URL_FORM } from './redis-url.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** The text of a URL that drivers/redis takes. */
export function redisUrl() {
  return url(REDIS_URL_FORM, checkRedisUrl);
}

/** The text of a URL that drivers/dcdb takes. */
export function mysqlUrl() {
  return url(DCDB_URL_FORM, checkDcdbUrl);
}

export function httpUrl() {
  return field<string>('http://host:port or https://host', (text) => {
    if (!URL.canParse(text)) return { problem: 'is no URL' };
    const known = ['http:', 'https:'].includes(new URL(text).protocol);
    return known ? { value: text } : { problem: 'has another scheme' };
  });
}

/** The text of one `host:port`; an IPv6 host stands in brackets. */
export function hostPort() {
  return field<string>('host:port', (text) =>
    hostPortOf(text) === undefined ? { problem: `${quoted(text)} is no address` } : { value: text },
  );
}

/** `host:port,host:port`, at least one; an IPv6 host stands in brackets. */
export function hostPorts() {
  return field<readonly HostPort[]>('host:port, several separated by commas', (text) => {
    const parts = text.split(',').map((part) => part.trim());
    const addresses = parts.map(hostPortOf);
    const wrong = parts.filter((_, i) => addresses[i] === undefined);
    if (wrong.length > 0) return { problem: `${wrong.map(quoted).join(' and ')} is no address` };
    return { value: addresses.filter((address) => address !== undefined) };
  });
}

/** `host:port,host:port`, at least one. Hosts are names or IPv4: the Kafka client cannot take an IPv6 address. */
export function kafkaBrokers() {
  return field<readonly string[]>('host:port of Kafka brokers, several separated by commas', (text) => {
    const parts = text.split(',').map((part) => part.trim());
    const wrong = parts.filter((part) => part.startsWith('[') || hostPortOf(part) === undefined);
    if (wrong.length > 0) return { problem: `${wrong.map(quoted).join(' and ')} is no address of a broker` };
    return { value: parts };
  });
}

function url(expected: string, check: (text: string) => FieldResult<unknown>) {
  return field<string>(expected, (text) => {
    const result = check(text);
    return 'value' in result ? { value: text } : result;
  });
}

function hostPortOf(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/@?#]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
