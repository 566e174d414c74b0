const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const LENGTH = /^(?:0|[1-9]\d{0,2})$/;

/** What is wrong with an address (`10.0.0.7`, `::1`) or network (`10.0.0.0/8`); `undefined`: nothing. */
export function addressRangeProblem(text: string): string | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const bits = addressBits(address);
  if (bits === undefined || rest.length > 0) return 'expected an address or a network, such as 10.0.0.7 or 10.0.0.0/8';
  if (length === undefined) return undefined;
  if (!LENGTH.test(length) || Number(length) > bits.length) {
    return `expected a prefix length from 0 to ${bits.length} behind the slash`;
  }
  return bits.slice(Number(length)).includes('1') ? `the address has bits set behind its first ${length}` : undefined;
}

/** The bits of an address as text, so that both families are compared alike. */
function addressBits(address: string): string | undefined {
  if (IPV4.test(address)) return octetsOf(address);
  const groups = ipv6Groups(address);
  return groups?.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

function octetsOf(address: string): string {
  return address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
}

/** Eight groups; `::` stands for the zeros that are left out, once. */
function ipv6Groups(address: string): readonly string[] | undefined {
  const halves = withoutIpv4(address)
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = halves;
  const given = head.length + (tail?.length ?? 0);
  const isWhole = tail === undefined ? given === 8 : given < 8;
  if (halves.length > 2 || !isWhole || ![...head, ...(tail ?? [])].every((group) => GROUP.test(group)))
    return undefined;
  return [...head, ...Array.from({ length: 8 - given }, () => '0'), ...(tail ?? [])];
}

/** `::ffff:10.0.0.7` ends in an IPv4 address: two groups. */
function withoutIpv4(address: string): string {
  const last = address.slice(address.lastIndexOf(':') + 1);
  if (!address.includes(':') || !IPV4.test(last)) return address;
  const bits = octetsOf(last);
  const groups = [bits.slice(0, 16), bits.slice(16)].map((half) => Number.parseInt(half, 2).toString(16));
  return `${address.slice(0, -last.length)}${groups.join(':')}`;
}
