import { ProxywatchError } from '../../../domain/errors.ts';
import type { WireBase, WireEvent } from './wire-event.ts';

/** Never cut: who happened where. */
const BASE: readonly (keyof WireBase)[] = ['eventId', 'schema', 'proxy', 'namespace', 'observedAt'];
/** Room for `,"isCut":true`. */
const MARK_BYTES = 16;
/** Texts that are cut in one event at most. */
const MAX_CUTS = 32;

/**
 * The event as JSON of at most `maxBytes`. Of one that is larger the longest text is cut, then the next, and it is marked.
 * Throws SINK_REFUSED when that is not enough.
 */
export function encodeEvent(event: WireEvent, maxBytes: number): string {
  const whole = JSON.stringify(event);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const shorter = { ...structuredClone(event), isCut: true };
  for (let cuts = 0; cuts < MAX_CUTS; cuts++) {
    const json = JSON.stringify(shorter);
    const excess = Buffer.byteLength(json) - maxBytes;
    if (excess <= 0) return json;
    const longest = longestTextIn(shorter);
    if (!longest || longest.text === '') break;
    longest.replace(cutText(longest.text, excess + MARK_BYTES));
  }
  const size = Buffer.byteLength(whole);
  throw new ProxywatchError('SINK_REFUSED', `an event of ${size} bytes cannot be cut to ${maxBytes}: ${event.schema}`);
}

/** The text without its end, so that its JSON is shorter by `bytes` or a little more. */
function cutText(text: string, bytes: number): string {
  const size = Buffer.byteLength(JSON.stringify(text));
  const keep = Math.max(0, Math.floor(text.length * (1 - bytes / size)));
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(keep - 1));
  return text.slice(0, isSplit ? keep - 1 : keep);
}

interface Place {
  readonly text: string;
  replace(text: string): void;
}

function longestTextIn(event: Record<string, unknown>): Place | undefined {
  let longest: Place | undefined;
  const names = Object.keys(event).filter((name) => !BASE.some((base) => base === name));
  visit(event, names, (place) => {
    if (!longest || place.text.length > longest.text.length) longest = place;
  });
  return longest;
}

function visit(holder: object, names: readonly string[], see: (place: Place) => void): void {
  for (const name of names) {
    const value: unknown = Reflect.get(holder, name);
    if (typeof value === 'string') see({ text: value, replace: (text) => void Reflect.set(holder, name, text) });
    else if (typeof value === 'object' && value !== null) visit(value, Object.keys(value), see);
  }
}
