/** Packets of a MySQL server, for servers that do what no library would. */
export function packet(sequenceId: number, ...parts: (Buffer | string | readonly number[])[]): Buffer {
  const payload = Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)));
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequenceId;
  return Buffer.concat([header, payload]);
}

const CAPABILITIES = 0x000aa20d;
const SSL = 0x800;

/** The greeting that starts a conversation; packet 0. */
export function greeting({ tls = false } = {}): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(CAPABILITIES | (tls ? SSL : 0));
  const seed = Buffer.from('12345678abcdefghijkl');
  return packet(
    0,
    [10],
    '8.0.36\0',
    [1, 0, 0, 0],
    seed.subarray(0, 8),
    [0],
    flags.subarray(0, 2),
    [33, 2, 0],
    flags.subarray(2, 4),
    [21],
    Buffer.alloc(10),
    seed.subarray(8),
    [0],
    'mysql_native_password\0',
  );
}

export function okPacket(sequenceId: number): Buffer {
  return packet(sequenceId, [0, 0, 0, 2, 0, 0, 0]);
}

export function errorPacket(sequenceId: number, errno: number, message: string): Buffer {
  return packet(sequenceId, [0xff, errno & 0xff, errno >> 8], '#28000', message);
}
