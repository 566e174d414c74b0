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

  get totals(): ReadonlyMap<number, number> {
    return this.#totals;
  }

  correct(status: Pick<ProxyStatus, 'errors' | 'uptimeS' | 'proxyNowS'>): void {
    for (const row of status.errors) {
      const bornS = status.uptimeS - (status.proxyNowS - row.firstSeenS);
      const by = this.#increaseOf(row, bornS);
      if (by === 0) continue;
      this.#totals.set(row.errno, (this.#totals.get(row.errno) ?? 0) + by);
      this.#unstored.add(totalKeyOf(row.errno));
    }
  }

  /** Records to store since `markStored`, by key. */
  changesToStore(): ReadonlyMap<string, { readonly count: number; readonly bornS: number }> {
    return new Map([...this.#unstored].map((key) => [key, this.#recordOf(key)]));
  }

  markStored(): void {
    this.#unstored.clear();
  }

  markLost(): void {
    for (const key of this.#rows.keys()) this.#unstored.add(key);
    for (const errno of this.#totals.keys()) this.#unstored.add(totalKeyOf(errno));
  }

  /** Takes a stored record over, before the first read. */
  restore(key: string, count: number, bornS: number): void {
    if (key.startsWith(TOTAL)) this.#totals.set(Number(key.slice(TOTAL.length)), count);
    else this.#rows.insert(key, { ...ZERO, executions: count }, bornS);
  }

  #increaseOf(row: SqlErrorRow, bornS: number): number {
    const key = rowKeyOf(row);
    const slot = this.#rows.slotOf(key);
    const counters = { ...ZERO, executions: row.count };
    if (slot < 0) {
      this.#rows.insert(key, counters, bornS);
      this.#unstored.add(key);
      return row.count;
    }
    const before = this.#rows.countersAt(slot).executions;
    const isAnew = row.count < before || bornS > this.#rows.markAt(slot) + BIRTH_JITTER_S;
    if (!isAnew && row.count === before) return 0;
    this.#rows.set(slot, counters, isAnew ? bornS : Math.max(bornS, this.#rows.markAt(slot)));
    this.#unstored.add(key);
    return isAnew ? row.count : row.count - before;
  }

  #recordOf(key: string): { readonly count: number; readonly bornS: number } {
    if (key.startsWith(TOTAL)) return { count: this.#totals.get(Number(key.slice(TOTAL.length))) ?? 0, bornS: 0 };
    const slot = this.#rows.slotOf(key);
    return { count: this.#rows.countersAt(slot).executions, bornS: this.#rows.markAt(slot) };
  }
}

const TOTAL = 'errno:';

function totalKeyOf(errno: number): string {
  return `${TOTAL}${errno}`;
}

function rowKeyOf(row: SqlErrorRow): string {
  return JSON.stringify([row.hostgroup, row.host, row.port, row.user, row.clientAddress, row.schema, row.errno]);
}
