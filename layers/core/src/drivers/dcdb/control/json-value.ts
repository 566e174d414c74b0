import { ProxywatchError } from '../../../domain/errors.ts';

/** A JSON column as it was written by ourselves; MariaDB gives it as text, MySQL parsed. */
export function jsonValue<T>(value: unknown, column: string): T {
  if (typeof value !== 'string') return value as T;
  try {
    return JSON.parse(value) as T;
  } catch {
    throw new ProxywatchError('RECORD_DAMAGED', `dcdb holds an unexpected value in ${column}`);
  }
}

/** One of the words that a column may hold. */
export function wordOf<T extends string>(words: readonly T[], value: string, column: string): T {
  const word = words.find((known) => known === value);
  if (word === undefined) throw new ProxywatchError('RECORD_DAMAGED', `dcdb holds an unexpected value in ${column}`);
  return word;
}
