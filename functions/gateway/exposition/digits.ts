/**
 * How the values of a family are given and printed: whole numbers; whole microseconds printed as seconds with six
 * decimals; any number.
 */
export type ValueKind = 'integer' | 'micros' | 'float';

/**
 * Writes a value into the slot of `width` bytes that ends before `end`, filled up with leading zeros, which both text
 * formats allow. Whole values of 0 … 2^53−1 are written digit by digit, exactly and without making a string; others
 * (negative, broken, not finite) take the slower way over text. Answers false, with nothing written, when the slot
 * does not fit; `widthOf` then says what does.
 */
export function writeValue(bytes: Uint8Array, end: number, width: number, value: number, kind: ValueKind): boolean {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value)) {
    return writeText(bytes, end, width, textOf(value, kind));
  }
  if (kind !== 'micros') {
    if (value >= powerOfTen(width)) return false;
    writeWhole(bytes, end - width, end, value);
    return true;
  }
  if (width < MICROS_TAIL + 1 || value >= powerOfTen(width - 1)) return false;
  // Exact: below 2^53 a quotient of whole numbers never rounds up to the next whole one.
  const seconds = Math.floor(value / 1e6);
  writeWhole(bytes, end - width, end - MICROS_TAIL, seconds);
  bytes[end - MICROS_TAIL] = POINT;
  writeInt32(bytes, end - MICROS_TAIL + 1, end, value - seconds * 1e6);
  return true;
}

/** Width of the narrowest slot that takes a value, or, for NaN and infinities, of the only one: they cannot be padded. */
export function widthOf(value: number, kind: ValueKind): number {
  const whole = value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
  if (!whole) return textOf(value, kind).length;
  return kind === 'micros' ? String(Math.floor(value / 1e6)).length + MICROS_TAIL : String(value).length;
}

const ZERO = 0x30;
const POINT = 0x2e;
/** The point and six decimals. */
const MICROS_TAIL = 7;
/** One per width that a slot can have. */
const POWERS = Float64Array.from({ length: 256 }, (_, exponent) => 10 ** exponent);

function powerOfTen(exponent: number): number {
  return POWERS[exponent] as number;
}

function writeWhole(bytes: Uint8Array, start: number, end: number, value: number): void {
  if (value <= 0x7fffffff) {
    writeInt32(bytes, start, end, value);
    return;
  }
  const high = Math.floor(value / 1e8);
  writeInt32(bytes, end - 8, end, value - high * 1e8);
  writeInt32(bytes, start, end - 8, high);
}

/** Two digits at a time: a division costs more than all the rest. */
function writeInt32(bytes: Uint8Array, start: number, end: number, value: number): void {
  let rest = value | 0;
  let at = end;
  while (rest > 9) {
    const next = (rest / 100) | 0;
    const pair = rest - next * 100;
    const tens = (pair * 205) >> 11;
    bytes[--at] = ZERO + pair - tens * 10;
    bytes[--at] = ZERO + tens;
    rest = next;
  }
  if (rest > 0) bytes[--at] = ZERO + rest;
  while (at > start) bytes[--at] = ZERO;
}

function writeText(bytes: Uint8Array, end: number, width: number, text: string): boolean {
  const padded = /[0-9]/.test(text);
  if (padded ? text.length > width : text.length !== width) return false;
  const sign = text.startsWith('-') ? 1 : 0;
  const body = end - text.length + sign;
  bytes.fill(ZERO, end - width, body);
  for (let i = sign; i < text.length; i++) bytes[body + i - sign] = text.charCodeAt(i);
  if (sign === 1) bytes[end - width] = text.charCodeAt(0);
  return true;
}

function textOf(value: number, kind: ValueKind): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(kind === 'micros' ? value / 1e6 : value);
}
