/**
 * Identity of a digest row. ProxySQL keys a row by five columns; three of them are free text that may hold any byte, so
 * those stand here as upper-case hex of their UTF-8 bytes and no separator can ever occur inside a part. The key stays
 * encoded on the hot path: it is built by the proxy, compared as a string, and decoded only when a series is named.
 *
 * Format: `hostgroup|HEX(schema)|HEX(user)|HEX(clientAddress)|digest`, all ASCII.
 */
export interface DigestIdentity {
  readonly hostgroup: string;
  readonly schema: string;
  readonly user: string;
  readonly clientAddress: string;
  /** As the proxy prints it, e.g. `0xA2E81530440E4377`. */
  readonly digest: string;
}

const SEPARATOR = '|';

export function encodeDigestKey(identity: DigestIdentity): string {
  const { hostgroup, schema, user, clientAddress, digest } = identity;
  return [hostgroup, toHex(schema), toHex(user), toHex(clientAddress), digest].join(SEPARATOR);
}

export function decodeDigestKey(key: string): DigestIdentity {
  const [hostgroup = '', schema = '', user = '', clientAddress = '', digest = ''] = key.split(SEPARATOR);
  return { hostgroup, schema: fromHex(schema), user: fromHex(user), clientAddress: fromHex(clientAddress), digest };
}

/** The key of the series a row belongs to: rows that differ only in the client address share one series. */
export function seriesKeyOf(key: string): string {
  const beforeDigest = key.lastIndexOf(SEPARATOR);
  const beforeClient = key.lastIndexOf(SEPARATOR, beforeDigest - 1);
  return beforeClient === beforeDigest - 1 ? key : `${key.slice(0, beforeClient + 1)}${key.slice(beforeDigest)}`;
}

/** The digest of a row or series key, as the proxy prints it. */
export function digestOf(key: string): string {
  return key.slice(key.lastIndexOf(SEPARATOR) + 1);
}

function toHex(text: string): string {
  let hex = '';
  for (const byte of new TextEncoder().encode(text)) hex += byte.toString(16).padStart(2, '0');
  return hex.toUpperCase();
}

/**
 * Text of hex bytes. Bytes that are no UTF-8 show as `\xNN`, and a backslash that looks like the beginning of one shows as
 * `\x5c`, so that two different names never look the same.
 */
export function fromHex(hex: string): string {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  try {
    return unambiguous(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const text = unambiguous(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    return text.replace(/[\u0080-\u00ff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  }
}

function unambiguous(text: string): string {
  return text.replace(/\\(?=x(?:5c|[89a-f][0-9a-f]))/g, '\\x5c');
}
