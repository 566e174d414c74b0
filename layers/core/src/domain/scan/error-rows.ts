import { BIRTH_JITTER_S } from '../digests/baseline.ts';
import type { SqlErrorRow } from '../proxy-status.ts';

/** One row of the proxy's table of errors as it was read last. */
export interface KnownErrorRow {
  readonly count: number;
  /** In seconds of the proxy's uptime. */
  readonly bornS: number;
  /** When it was there last, epoch seconds of the reader. */
  readonly seenS: number;
}

export interface RowIncrease {
  readonly row: SqlErrorRow;
  readonly by: number;
  readonly known: KnownErrorRow;
  /** It was not in the read before, or never yet. */
  readonly isBack: boolean;
}

/** Rows that left the table for so long are forgotten: they would otherwise be carried along for ever. */
const FORGET_AFTER_S = 3_600;

/**
 * What is known of the rows of the table of errors. The proxy loses rows of it at random, so that one that is gone says
 * nothing: it may come back with a larger count. One that fell or was born anew counts in full, and so does one that nobody
 * knows, but only if it was born after everything that may have been overlooked: it never counts too much.
 */
export class ErrorRows {
  readonly #rows: Map<string, KnownErrorRow>;
  /** All rows born later are known, or new. */
  #knownSinceS: number;

  constructor(rows: ReadonlyMap<string, KnownErrorRow>, knownSinceS: number) {
    this.#rows = new Map(rows);
    this.#knownSinceS = knownSinceS;
  }

  get entries(): ReadonlyMap<string, KnownErrorRow> {
    return this.#rows;
  }

  get knownSinceS(): number {
    return this.#knownSinceS;
  }

  /** What a row of a read adds; nothing is remembered before `note`. */
  increaseOf(row: SqlErrorRow, bornS: number, seenS: number, previousSeenS: number): RowIncrease {
    const before = this.#rows.get(errorRowKeyOf(row));
    if (!before) {
      const isNew = bornS > this.#knownSinceS + BIRTH_JITTER_S;
      return { row, by: isNew ? row.count : 0, known: { count: row.count, bornS, seenS }, isBack: true };
    }
    const isAnew = row.count < before.count || bornS > before.bornS + BIRTH_JITTER_S;
    return {
      row,
      by: isAnew ? row.count : row.count - before.count,
      known: { count: row.count, bornS: isAnew ? bornS : Math.max(bornS, before.bornS), seenS },
      isBack: before.seenS < previousSeenS,
    };
  }

  note({ row, known }: RowIncrease): void {
    this.#rows.set(errorRowKeyOf(row), known);
  }

  /** The proxy began again, and all of its rows with it. */
  restart(): void {
    this.#rows.clear();
    this.#knownSinceS = Number.MIN_SAFE_INTEGER;
  }

  /** Keeps at most `max` rows, those that were there last. */
  forgetOld(nowS: number, max: number): void {
    const latestFirst = [...this.#rows].sort(([, a], [, b]) => b.seenS - a.seenS || b.count - a.count);
    for (const [place, [key, { bornS, seenS }]] of latestFirst.entries()) {
      if (place < max && seenS >= nowS - FORGET_AFTER_S) continue;
      this.#rows.delete(key);
      this.#knownSinceS = Math.max(this.#knownSinceS, bornS);
    }
  }
}

export function errorRowKeyOf(row: SqlErrorRow): string {
  return JSON.stringify([row.hostgroup, row.host, row.port, row.user, row.clientAddress, row.schema, row.errno]);
}
