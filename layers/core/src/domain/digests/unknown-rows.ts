import { areEqual, sumOf, ZERO } from './counters.ts';
import type { DigestCounters, DigestRow } from './digest-read.ts';

/** A row of a read of which no last value is known: it was born since the last read, or it was forgotten. */
export interface Unknown {
  readonly row: DigestRow;
  readonly bornS: number;
  /** It was there: its record is, and cannot be read. */
  readonly isDamaged: boolean;
}

/** What tells newborn rows from forgotten ones. */
export interface Evidence {
  /** Rows that were there at the last read and of which no last value is known. */
  readonly forgotten: number;
  /** Rows that the table has more than then. */
  readonly gained: number;
  /** What the sums over the table grew by beyond what known rows did. */
  readonly missing: DigestCounters;
  /** Births before the first were before the last read, those after the second were after it: surely. */
  readonly bornBeforeS: number;
  readonly bornAfterS: number;
}

export interface Sorted {
  /** They count in full. */
  readonly newborn: readonly Unknown[];
  /** They count nothing. */
  readonly rebased: readonly Unknown[];
  /** How many of the rebased ones may be newborn nevertheless. */
  readonly maybeNewborn: number;
}

/**
 * Sorts the rows of a read of which nothing is known. Whoever may have been there before the last read counts nothing:
 * what it ran was counted then, and a number must never show more than ran.
 */
export function whoIsNewborn(unknown: readonly Unknown[], evidence: Evidence): Sorted {
  const { forgotten, gained, missing, bornBeforeS, bornAfterS } = evidence;
  const isDamageAmong = unknown.some(({ isDamaged }) => isDamaged);
  if (!isDamageAmong && (forgotten === 0 || areAllNew(unknown, gained, missing))) {
    return { newborn: unknown, rebased: [], maybeNewborn: 0 };
  }
  const isNewborn = ({ bornS, isDamaged }: Unknown) => !isDamaged && (forgotten === 0 || bornS > bornAfterS);
  const rebased = unknown.filter((row) => !isNewborn(row));
  return {
    newborn: unknown.filter(isNewborn),
    rebased,
    maybeNewborn: rebased.filter(({ bornS, isDamaged }) => !isDamaged && bornS >= bornBeforeS).length,
  };
}

/** The table gained as many rows as are unknown, and its sums all that they hold: none of them was there before. */
function areAllNew(unknown: readonly Unknown[], gained: number, missing: DigestCounters): boolean {
  return (
    gained === unknown.length &&
    areEqual(
      unknown.reduce((sum, { row }) => sumOf(sum, row.counters), ZERO),
      missing,
    )
  );
}
