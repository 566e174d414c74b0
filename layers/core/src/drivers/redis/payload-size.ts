/** Bytes of arguments or of a reply, nested lists included: what the protocol puts around them is not counted, and almost all is ASCII. */
export function payloadSizeOf(value: unknown): number {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.length;
  if (typeof value === 'number') return String(value).length;
  if (!Array.isArray(value)) return 0;
  let size = 0;
  for (const part of value) size += payloadSizeOf(part);
  return size;
}
