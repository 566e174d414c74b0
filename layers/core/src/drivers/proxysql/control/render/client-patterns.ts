import { isIPv4, isIPv6 } from 'node:net';

/** Texts for a rule's client_addr, which is compared as text: whole, or up to a `%`. */
export type ClientPatterns =
  | { readonly kind: 'patterns'; readonly patterns: readonly string[] }
  | { readonly kind: 'inexpressible'; readonly reason: string };

const OCTET_BITS = 8;
const GROUP_BITS = 16;

/**
 * An address or network (CIDR) as such patterns. An IPv4 network that ends inside an octet becomes up to 128 of them; one of
 * IPv6 can be told only where it ends between two groups and has no group of zeros, which may be left out of the text.
 */
export function clientPatterns(range: string): ClientPatterns {
  const [address = '', length] = range.split('/');
  if (isIPv4(address)) return ipv4Patterns(address, length === undefined ? 32 : Number(length));
  if (isIPv6(address)) return ipv6Patterns(address, length === undefined ? 128 : Number(length));
  return { kind: 'inexpressible', reason: `${JSON.stringify(range.slice(0, 80))} is no address and no network` };
}

function ipv4Patterns(address: string, length: number): ClientPatterns {
  const octets = address.split('.').map(Number);
  const whole = octets.slice(0, Math.floor(length / OCTET_BITS));
  const free = (OCTET_BITS - (length % OCTET_BITS)) % OCTET_BITS;
  if (free === 0) return { kind: 'patterns', patterns: [ipv4Pattern(whole)] };
  const first = ((octets[whole.length] ?? 0) >> free) << free;
  return {
    kind: 'patterns',
    patterns: Array.from({ length: 1 << free }, (_, i) => ipv4Pattern([...whole, first + i])),
  };
}

function ipv4Pattern(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.');
  return octets.length === 0 ? '%' : `${octets.join('.')}.%`;
}

function ipv6Patterns(address: string, length: number): ClientPatterns {
  const printed = printedIpv6(address);
  if (length === 128) return { kind: 'patterns', patterns: [printed] };
  if (length === 0) return { kind: 'patterns', patterns: ['%'] };
  const groups = printed.split(':').slice(0, length / GROUP_BITS);
  const isTold = length % GROUP_BITS === 0 && groups.length === length / GROUP_BITS;
  if (!isTold || groups.some((group) => group === '' || group === '0')) {
    return {
      kind: 'inexpressible',
      reason: `the proxy compares addresses as text, where ${address}/${length} has no beginning of its own`,
    };
  }
  return { kind: 'patterns', patterns: [`${groups.join(':')}:%`] };
}

/** As inet_ntop prints it, which is how the proxy knows its clients. */
function printedIpv6(address: string): string {
  const printed = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(printed) ?? [];
  if (high === undefined || low === undefined) return printed;
  const bits = (Number.parseInt(high, 16) << GROUP_BITS) | Number.parseInt(low, 16);
  return `::ffff:${[24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.')}`;
}
