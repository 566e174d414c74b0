import { BIRTH_JITTER_S } from './digests/baseline.ts';
import { CounterTable } from './digests/counter-table.ts';
import { ZERO } from './digests/counters.ts';
import type { ProxyStatus, SqlErrorRow } from './proxy-status.ts';

/**
 * Errors by errno as totals that only grow. The proxy's table of errors loses rows at random (its key lacks a column that
 * its rows have, and rows go in 32 at a time), so a missing row says nothing, and nothing is concluded from sums. A row
 * that was born anew, or fell, counts in full.
 */
export class SqlErrorHistory {
  readonly #rows = new CounterTable();
  readonly #totals = new Map<number, number>();
  readonly #unstored = new Set<string>();
  /** Errnos whose totals are not known any more, and since when (whole epoch seconds): they are not shown. */
  readonly #sealed = new Map<number, number>();
  #expectsUnknown = false;

  get totals(): ReadonlyMap<number, number> {
    return this.#totals;
  }

  /** About so many bytes of memory. */
  get byteLength(): number {
    return this.#rows.byteLength + this.#totals.size * BYTES_PER_TOTAL;
  }

  correct(status: Pick<ProxyStatus, 'errors' | 'uptimeS' | 'proxyNowS'>): void {
    for (const row of status.errors) {
      const bornS = status.uptimeS - (status.proxyNowS - row.firstSeenS);
      const by = this.#increaseOf(row, bornS);
      if (by === 0 || this.#sealed.has(row.errno)) continue;
      this.#totals.set(row.errno, (this.#totals.get(row.errno) ?? 0) + by);
      this.#unstored.add(totalKeyOf(row.errno));
    }
    this.#expectsUnknown = false;
  }

  /** Records to store since `markStored`, by key. */
  changesToStore(): ReadonlyMap<string, ErrorRecord> {
    return new Map([...this.#unstored].map((key) => [key, this.#recordOf(key)]));
  }

  markStored(): void {
    this.#unstored.clear();
  }

  markLost(): void {
    for (const key of this.#rows.keys()) this.#unstored.add(key);
    for (const errno of [...this.#totals.keys(), ...this.#sealed.keys()]) this.#unstored.add(totalKeyOf(errno));
  }

  /** Takes a stored record over, before the first read. */
  restore(key: string, count: number, bornS: number, sealedS = 0): void {
    if (!key.startsWith(TOTAL)) this.#rows.insert(key, { ...ZERO, executions: count }, bornS);
    else if (sealedS > 0) this.#sealed.set(errnoOf(key), sealedS);
    else this.#totals.set(errnoOf(key), count);
  }

  /**
   * A stored record cannot be read. A row counts from its next read on; a total is shown no more until it is unsealed,
   * since it would fall.
   */
  restoreDamaged(key: string, nowS: number): void {
    if (key.startsWith(TOTAL)) this.#sealed.set(errnoOf(key), nowS);
    else this.#rows.insert(key, { ...ZERO, executions: NOT_KNOWN }, 0);
    this.#unstored.add(key);
  }

  /** Records of rows were lost: those that the next read brings and nobody knows count from then on. */
  expectUnknownRows(): void {
    this.#expectsUnknown = true;
  }

  /** Totals that were lost before may be shown again, from zero on. */
  unseal(sealedBeforeS: number): void {
    for (const [errno, sealedS] of this.#sealed) {
      if (sealedS >= sealedBeforeS) continue;
      this.#sealed.delete(errno);
      this.#unstored.add(totalKeyOf(errno));
    }
  }

  #increaseOf(row: SqlErrorRow, bornS: number): number {
    const key = rowKeyOf(row);
    const slot = this.#rows.slotOf(key);
    const counters = { ...ZERO, executions: row.count };
    if (slot < 0) {
      this.#rows.insert(key, counters, bornS);
      this.#unstored.add(key);
      return this.#expectsUnknown ? 0 : row.count;
    }
    const before = this.#rows.countersAt(slot).executions;
    if (before === NOT_KNOWN) {
      this.#rows.set(slot, counters, bornS);
      this.#unstored.add(key);
      return 0;
    }
    const isAnew = row.count < before || bornS > this.#rows.markAt(slot) + BIRTH_JITTER_S;
    if (!isAnew && row.count === before) return 0;
    this.#rows.set(slot, counters, isAnew ? bornS : Math.max(bornS, this.#rows.markAt(slot)));
    this.#unstored.add(key);
    return isAnew ? row.count : row.count - before;
  }

  #recordOf(key: string): ErrorRecord {
    if (key.startsWith(TOTAL)) {
      const errno = errnoOf(key);
      return { count: this.#totals.get(errno) ?? 0, bornS: 0, sealedS: this.#sealed.get(errno) ?? 0 };
    }
    const slot = this.#rows.slotOf(key);
    return { count: this.#rows.countersAt(slot).executions, bornS: this.#rows.markAt(slot), sealedS: 0 };
  }
}

/** A row, or the total of an errno. */
export interface ErrorRecord {
  readonly count: number;
  readonly bornS: number;
  /** When the total of an errno was sealed, whole epoch seconds; else 0. */
  readonly sealedS: number;
}

/** Count of a row whose record could not be read. */
const NOT_KNOWN = -1;
const BYTES_PER_TOTAL = 50;
const TOTAL = 'errno:';

function errnoOf(key: string): number {
  return Number(key.slice(TOTAL.length));
}

function totalKeyOf(errno: number): string {
  return `${TOTAL}${errno}`;
}

function rowKeyOf(row: SqlErrorRow): string {
  return JSON.stringify([row.hostgroup, row.host, row.port, row.user, row.clientAddress, row.schema, row.errno]);
}
