/** 64 bits as two unsigned halves: JavaScript's numbers hold 53, and BigInt is too slow for proxies × slots. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/**
 * FNV-1a 64 of the text's UTF-8 bytes. It needs no tables and is the same on every platform, but spreads poorly over the
 * high bits for short texts: mix before use.
 */
export function fnv1a64(text: string): Hash64 {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3; a half times 0x1b3 stays below 2^41, hence exact.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / 2 ** 32)) >>> 0;
    low = product >>> 0;
  }
  return { high, low };
}

/** The finaliser of SplitMix64: a bijection after which every bit of the input has stirred every bit of the output. */
export function mix64({ high, low }: Hash64): Hash64 {
  const first = multiply(xorShifted(high, low, 30), 0xbf58476d, 0x1ce4e5b9);
  const second = multiply(xorShifted(first.high, first.low, 27), 0x94d049bb, 0x133111eb);
  return xorShifted(second.high, second.low, 31);
}

/** `value ^ (value >>> bits)` for 0 < bits < 32. */
function xorShifted(high: number, low: number, bits: number): Hash64 {
  return {
    high: (high ^ (high >>> bits)) >>> 0,
    low: (low ^ ((low >>> bits) | (high << (32 - bits)))) >>> 0,
  };
}

/** Product modulo 2^64. */
function multiply({ high, low }: Hash64, byHigh: number, byLow: number): Hash64 {
  return {
    high: (upperHalf(low, byLow) + Math.imul(high, byLow) + Math.imul(low, byHigh)) >>> 0,
    low: Math.imul(low, byLow) >>> 0,
  };
}

/** Upper 32 bits of the product of two unsigned 32-bit numbers; no intermediate exceeds 2^32. */
function upperHalf(a: number, b: number): number {
  const [aHigh, aLow] = [a >>> 16, a & 0xffff];
  const [bHigh, bLow] = [b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const lower = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (lower >>> 16);
}
