/** Packets of the MySQL protocol that a lab proxy makes itself; what back ends say is passed on byte by byte. */
const HEADER_BYTES = 4;
export const MAX_PAYLOAD = 0xff_ff_ff;

export const STATUS_IN_TRANSACTION = 0x0001;
export const STATUS_AUTOCOMMIT = 0x0002;
export const STATUS_MORE_RESULTS = 0x0008;

/** An error in the form of the protocol; `sqlState` has five characters. */
export interface WireError {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

export function packet(sequence: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUIntLE(payload.length, 0, 3);
  bytes[3] = sequence & 0xff;
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** A command with its header; payloads of 16 MB and more take several packets. */
export function commandPackets(payload: Buffer): Buffer {
  if (payload.length < MAX_PAYLOAD) return packet(0, payload);
  const parts: Buffer[] = [];
  for (let at = 0, sequence = 0; at <= payload.length; at += MAX_PAYLOAD, sequence += 1) {
    parts.push(packet(sequence, payload.subarray(at, at + MAX_PAYLOAD)));
  }
  return Buffer.concat(parts);
}

/** An OK without affected rows, insert id, warnings and info. */
export function okPacket(sequence: number, statusFlags: number = STATUS_AUTOCOMMIT): Buffer {
  const payload = Buffer.alloc(7);
  payload.writeUInt16LE(statusFlags, 3);
  return packet(sequence, payload);
}

export function errorPacket(sequence: number, { errno, sqlState, message }: WireError): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16LE(errno, 0);
  return packet(sequence, Buffer.concat([Buffer.of(0xff), code, Buffer.from(`#${sqlState}${message}`)]));
}

/** A result of one row and one text column. */
export function oneValueResult(column: string, value: string, statusFlags: number): Buffer {
  const definition = Buffer.concat([
    ...['def', '', '', '', column, ''].map(lengthEncodedText),
    // Length of what follows; utf8; 1,024 bytes wide; VAR_STRING; no flags, no decimals.
    Buffer.from([0x0c, 0x21, 0, 0, 4, 0, 0, 0xfd, 0, 0, 0, 0, 0]),
  ]);
  return Buffer.concat([
    packet(1, Buffer.of(1)),
    packet(2, definition),
    eofPacket(3, statusFlags),
    packet(4, lengthEncodedText(value)),
    eofPacket(5, statusFlags),
  ]);
}

export function eofPacket(sequence: number, statusFlags: number): Buffer {
  const payload = Buffer.from([0xfe, 0, 0, 0, 0]);
  payload.writeUInt16LE(statusFlags, 3);
  return packet(sequence, payload);
}

export function lengthEncodedText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([lengthEncoded(bytes.length), bytes]);
}

function lengthEncoded(value: number): Buffer {
  if (value < 0xfb) return Buffer.of(value);
  if (value <= 0xff_ff) return prefixed(0xfc, 2, value);
  if (value <= 0xff_ff_ff) return prefixed(0xfd, 3, value);
  return Buffer.concat([prefixed(0xfe, 6, value), Buffer.alloc(2)]);
}

function prefixed(mark: number, width: number, value: number): Buffer {
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = mark;
  bytes.writeUIntLE(value, 1, width);
  return bytes;
}
