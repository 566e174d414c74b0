/** Unpacks one block of Snappy, as remote write sends it. Source: the format's description, google/snappy. */
export function unpackSnappy(block: Buffer): Buffer {
  let at = 0;
  const byte = () => block[at++] ?? 0;
  while (byte() >= 0x80);
  let out = Buffer.alloc(0);
  const little = (bytes: number) => {
    const value = block.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  while (at < block.length) {
    const tag = byte();
    if ((tag & 3) === 0) {
      const size = tag >> 2;
      const length = 1 + (size < 60 ? size : little(size - 59));
      out = Buffer.concat([out, block.subarray(at, at + length)]);
      at += length;
      continue;
    }
    const [length, offset] =
      (tag & 3) === 1
        ? [4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | byte()]
        : [1 + (tag >> 2), little((tag & 3) === 2 ? 2 : 4)];
    // What is copied may reach into itself: it then repeats.
    const piece = out.subarray(out.length - offset);
    out = Buffer.concat([out, Buffer.alloc(length, piece.subarray(0, Math.min(offset, piece.length)))]);
  }
  return out;
}
