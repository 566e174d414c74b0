import { createHash } from 'node:crypto';

const MAX_NAME = 128;
const MAX_ADDRESS = 255;
const MAX_DIGEST = 64;
/** A character takes up to 3 bytes per UTF-16 unit: well within TEXT. */
const MAX_TEXT = 16_000;
const MAX_INT = 2 ** 32 - 1;
/** The end of what DATETIME can hold, less a day. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);
const HASH_LENGTH = 16;

/**
 * Makes values fit into their columns, so that the database has no reason to refuse them, and counts what it had to cut or
 * to clamp. The same value always becomes the same.
 */
export class Fit {
  #cuts = 0;
  /** Most times of a batch are the same few. */
  readonly #datetimes = new Map<number, string>();

  get cuts(): number {
    return this.#cuts;
  }

  /** Cut at its end. */
  text(value: string): string {
    const whole = value.isWellFormed() ? value : value.toWellFormed();
    if (whole.length <= MAX_TEXT) return whole;
    this.#cuts++;
    return beginOf(whole, MAX_TEXT);
  }

  /** Two names that differ only where one is cut stay different. */
  name(value: string, max = MAX_NAME): string {
    if (value.length <= max && value.isWellFormed()) return value;
    this.#cuts++;
    return `${beginOf(value.toWellFormed(), max - HASH_LENGTH - 1)}~${hashOf(value)}`;
  }

  address(value: string): string {
    return this.name(value, MAX_ADDRESS);
  }

  /** Printable ASCII, of which digests are made. */
  digest(value: string): string {
    if (value.length <= MAX_DIGEST && /^[\x21-\x7e]*$/.test(value)) return value;
    this.#cuts++;
    return `~${hashOf(value)}`;
  }

  /** 32 hex digits. */
  eventId(value: string): string {
    return /^[0-9a-f]{32}$/.test(value) ? value : createHash('sha256').update(value).digest('hex').slice(0, 32);
  }

  /** BIGINT UNSIGNED. */
  count(value: number, max = Number.MAX_SAFE_INTEGER): number {
    if (Number.isInteger(value) && value >= 0 && value <= max) return value;
    const clamped = Number.isNaN(value) ? 0 : Math.min(Math.max(Math.round(value), 0), max);
    if (clamped !== Math.round(value)) this.#cuts++;
    return clamped;
  }

  /** INT UNSIGNED. */
  int(value: number): number {
    return this.count(value, MAX_INT);
  }

  /** Epoch milliseconds that DATETIME can hold. */
  timeMs(value: number): number {
    return this.count(value, MAX_TIME_MS);
  }

  datetime(value: number): string {
    const ms = this.timeMs(value);
    const known = this.#datetimes.get(ms);
    if (known !== undefined) return known;
    const text = datetimeOf(ms);
    this.#datetimes.set(ms, text);
    return text;
  }
}

export function orNull<T, R>(value: T | undefined, fit: (value: T) => R): R | null {
  return value === undefined ? null : fit(value);
}

/** Epoch milliseconds as DATETIME(3) is written, UTC. */
export function datetimeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replace('T', ' ');
}

function beginOf(text: string, length: number): string {
  const begin = text.slice(0, length);
  // Not in the middle of a surrogate pair.
  return begin.isWellFormed() ? begin : begin.slice(0, -1);
}

function hashOf(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, HASH_LENGTH);
}
