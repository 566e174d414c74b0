import { ProxywatchError } from '../../domain/errors.ts';
import type { FlagColumn } from './tables.ts';

/** Parsing of columns at the edge; `column` is named when a row holds what it must not. */
export function flagOf(value: FlagColumn): boolean {
  return value === true || value === 1;
}

/** An array of strings. */
export function stringsOf(value: unknown, column: string): readonly string[] {
  const json = jsonOf(value, column);
  if (Array.isArray(json) && json.every((item) => typeof item === 'string')) return json;
  throw damaged(column);
}

/** An object of strings. */
export function stringMapOf(value: unknown, column: string): Readonly<Record<string, string>> {
  const json = jsonOf(value, column);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const entries = Object.entries(json);
    if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
      return Object.fromEntries(entries);
    }
  }
  throw damaged(column);
}

function jsonOf(value: unknown, column: string): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw damaged(column);
  }
}

function damaged(column: string): ProxywatchError {
  return new ProxywatchError('RECORD_DAMAGED', `dcdb holds an unexpected value in ${column}`);
}
