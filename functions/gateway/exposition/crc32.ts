/**
 * CRC-32 of two byte strings one after the other, from their own: `shift` is `crc32Shift` of the second one's length. As in
 * zlib: a CRC is a polynomial modulo P over GF(2), and bytes that follow multiply it by x^(8·length).
 */
export function crc32Combine(first: number, second: number, shift: number): number {
  return (multiply(shift, first) ^ second) >>> 0;
}

/** x^(8·length) modulo P. */
export function crc32Shift(length: number): number {
  let product = ONE;
  let power = ONE_BYTE;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = multiply(power, product);
    power = multiply(power, power);
  }
  return product;
}

/** Polynomials are written as CRC-32 does, the highest power in the lowest bit. */
const P = 0xedb88320;
const ONE = 0x80000000;
/** x^8: the shift of one byte. */
const ONE_BYTE = 0x00800000;

function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bits = a; bits !== 0; bits = (bits << 1) >>> 0) {
    if ((bits & ONE) !== 0) product ^= factor;
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ P : factor >>> 1;
  }
  return product >>> 0;
}
