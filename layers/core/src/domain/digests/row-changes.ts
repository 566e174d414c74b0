import { type Baseline, BIRTH_JITTER_S, bornOf } from './baseline.ts';
import type { CounterTable } from './counter-table.ts';
import { areEqual, differenceOf, isAnyBelow, sumOf, ZERO } from './counters.ts';
import type { DigestCounters, DigestRead, DigestRow } from './digest-read.ts';

/** ProxySQL counts executions of a row in 32 bits (query_processor.h). */
const WRAP = 2 ** 32;

/** One row of a read that differs from what is known of it. */
export interface RowChange {
  readonly row: DigestRow;
  readonly bornS: number;
  /** Slot of the row in the history, -1 for a row that it does not hold. */
  readonly slot: number;
  /** `newborn` and `restarted` rows count in full. */
  readonly kind: 'increase' | 'newborn' | 'restarted';
  readonly by: DigestCounters;
}

export interface RowChanges {
  readonly changes: readonly RowChange[];
  /** Rows of the read that the history holds, changed or not. */
  readonly known: number;
  readonly unknown: number;
  /** Known rows of which a column fell or which were born again: another life of the row, or of the whole table. */
  readonly restarted: number;
  /** Sum of all `by`. */
  readonly total: DigestCounters;
  /** What the sums over the table must have grown by, if nothing but these changes happened. */
  readonly expected: DigestCounters;
}

/** Compares each row of a read with what the history holds of it. `baseline` is undefined when there is no history yet. */
export function rowChangesOf(
  read: DigestRead,
  rows: CounterTable,
  baseline: Baseline | undefined,
  tookS: number,
): RowChanges {
  const jitterS = BIRTH_JITTER_S + Math.max(baseline?.slackS ?? 0, Math.floor(tookS));
  const changes: RowChange[] = [];
  let known = 0;
  let restarted = 0;
  let wraps = 0;
  let total = ZERO;
  for (const row of read.rows) {
    const slot = rows.slotOf(row.key);
    const bornS = bornOf(read, row);
    if (slot < 0) {
      changes.push({ row, bornS, slot, kind: 'newborn', by: row.counters });
      total = sumOf(total, row.counters);
      continue;
    }
    known++;
    const before = rows.countersAt(slot);
    const isBornAnew = bornS > rows.markAt(slot) + jitterS;
    if (!isBornAnew && areEqual(before, row.counters)) continue;
    const isWrapped = !isBornAnew && hasWrapped(before, row.counters);
    if (isBornAnew || (isAnyBelow(row.counters, before) && !isWrapped)) {
      restarted++;
      changes.push({ row, bornS, slot, kind: 'restarted', by: row.counters });
      total = sumOf(total, row.counters);
      continue;
    }
    const raw = differenceOf(row.counters, before);
    const by = isWrapped ? { ...raw, executions: raw.executions + WRAP } : raw;
    if (isWrapped) wraps++;
    changes.push({ row, bornS, slot, kind: 'increase', by });
    total = sumOf(total, by);
  }
  const expected = { ...total, executions: total.executions - wraps * WRAP };
  return { changes, known, unknown: read.rows.length - known, restarted, total, expected };
}

/** Every row of a full read as the first of its life; those that took most time first, so that they are named first. */
export function rowsInFull(read: DigestRead): Pick<RowChanges, 'changes' | 'total'> {
  const rows = read.rows.toSorted((a, b) => b.counters.timeUs - a.counters.timeUs);
  const changes = rows.map(
    (row): RowChange => ({ row, bornS: bornOf(read, row), slot: -1, kind: 'newborn', by: row.counters }),
  );
  return { changes, total: rows.reduce((total, row) => sumOf(total, row.counters), ZERO) };
}

/** Only executions fell, by more than half the range, while the row went on working: its 32 bits began again. */
function hasWrapped(before: DigestCounters, after: DigestCounters): boolean {
  return (
    before.executions - after.executions > WRAP / 2 &&
    after.timeUs >= before.timeUs &&
    after.rowsAffected >= before.rowsAffected &&
    after.rowsSent >= before.rowsSent
  );
}
