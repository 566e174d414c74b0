import { type Baseline, bornOf, jitterOf, youngerJitterOf } from './baseline.ts';
import { areEqual, differenceOf, isAnyBelow, sumOf, ZERO } from './counters.ts';
import { areRowsLeftOut, type DigestCounters, type DigestRead, type DigestRow } from './digest-read.ts';
import type { KnownRows } from './known-rows.ts';
import type { Recall } from './recall.ts';
import { type Unknown, whoIsNewborn } from './unknown-rows.ts';

/** ProxySQL counts executions of a row in 32 bits (query_processor.h). */
const WRAP = 2 ** 32;

/** One row of a read that differs from what is known of it. */
export interface RowChange {
  readonly row: DigestRow;
  readonly bornS: number;
  /**
   * `newborn` and `restarted` rows count in full. `rebased` ones were forgotten: what they ran since the last read is not
   * known, so they count nothing, and what the sums over the table say is missing is the remainder's.
   */
  readonly kind: 'increase' | 'newborn' | 'restarted' | 'rebased';
  readonly by: DigestCounters;
}

export interface RowChanges {
  readonly changes: readonly RowChange[];
  /** Rows of the read whose last values are known, changed or not. */
  readonly knownInMemory: number;
  readonly knownInStore: number;
  /** Rows that are known to have been there, and of which nothing else is known. */
  readonly damaged: number;
  /** Rows of a full read that nobody asked the store for, since they are older than the last read. */
  readonly untouched: number;
  /** Rows that the table has gained since the last read: at least, and at most. */
  readonly gained: { readonly min: number; readonly max: number };
  /** Known rows of which a column fell or which were born again: another life of the row, or of the whole table. */
  readonly restarted: number;
  /** What the totals grow by if the table went on. */
  readonly total: DigestCounters;
  /** Whether the sums over the table grew as these changes say. */
  readonly isExplained: boolean;
}

/** Compares each row of a read with what is known of it; `undefined` when the store must be asked (again) for some. */
export function rowChangesOf(
  read: DigestRead,
  rows: KnownRows,
  baseline: Baseline,
  tookS: number,
  recall: Recall,
): RowChanges | undefined {
  const youngerS = youngerJitterOf(baseline);
  const changes: RowChange[] = [];
  const unknown: Unknown[] = [];
  let [knownInMemory, knownInStore, damaged, untouched, restarted, wraps] = [0, 0, 0, 0, 0, 0];
  for (const [place, row] of read.rows.entries()) {
    const [table, slot] = placeOf(row.key, rows, recall);
    const bornS = bornOf(read, row);
    if (!table) {
      const absence = recall.absenceAt(place);
      if (absence === 'to-be-asked') return undefined;
      if (absence === 'unchanged') knownInStore++;
      else if (absence === 'untouched') untouched++;
      else unknown.push({ row, bornS, isDamaged: absence === 'damaged' });
      if (absence === 'damaged') damaged++;
      continue;
    }
    if (table === rows.table) knownInMemory++;
    else knownInStore++;
    const before = table.countersAt(slot);
    const isBornAnew = bornS > table.markAt(slot) + youngerS;
    if (!isBornAnew && areEqual(before, row.counters)) continue;
    const isWrapped = !isBornAnew && hasWrapped(before, row.counters);
    if (isBornAnew || (isAnyBelow(row.counters, before) && !isWrapped)) {
      restarted++;
      changes.push({ row, bornS, kind: 'restarted', by: row.counters });
      continue;
    }
    const by = differenceOf(row.counters, before);
    if (isWrapped) wraps++;
    changes.push({ row, bornS, kind: 'increase', by: isWrapped ? { ...by, executions: by.executions + WRAP } : by });
  }
  // What the sums must have grown by, and what they did grow by, both in the 32 bits of the rows.
  const known = totalOf(changes);
  const grown = differenceOf(read.tableSums, baseline.tableSums);
  const expected = { ...known, executions: known.executions - wraps * WRAP };
  const forgotten = rows.forgottenOf(baseline.tableRows);
  const gained = read.tableRows - baseline.tableRows;
  const { newborn, rebased, maybeNewborn } = whoIsNewborn(unknown, {
    forgotten,
    gained,
    missing: differenceOf(grown, expected),
    bornBeforeS: baseline.uptimeS - jitterOf(baseline, tookS),
    bornAfterS: baseline.uptimeS + youngerS,
  });
  for (const { row, bornS } of newborn) changes.push({ row, bornS, kind: 'newborn', by: row.counters });
  for (const { row, bornS } of rebased) changes.push({ row, bornS, kind: 'rebased', by: ZERO });
  const missing = differenceOf(grown, sumOf(expected, sumOfRows(newborn)));
  const remainder = remainderOf(missing, rebased);
  return {
    changes,
    knownInMemory,
    knownInStore,
    damaged,
    untouched,
    gained: { min: newborn.length, max: newborn.length + maybeNewborn },
    restarted,
    total: sumOf(totalOf(changes), remainder.counted),
    isExplained: remainder.isExact && unknown.length - damaged - gained <= forgotten,
  };
}

/**
 * Every row of a full read as the first of its life; those that took most time first, so that they are named first. Of a
 * table whose rows were left out the sums count all the same.
 */
export function rowsInFull(read: DigestRead): Pick<RowChanges, 'changes' | 'total'> {
  const rows = read.rows.toSorted((a, b) => b.counters.timeUs - a.counters.timeUs);
  const changes = rows.map((row): RowChange => ({ row, bornS: bornOf(read, row), kind: 'newborn', by: row.counters }));
  return { changes, total: areRowsLeftOut(read) ? read.tableSums : totalOf(changes) };
}

/**
 * The changes of a table that went on although its sums did not grow as they say: what an earlier read took for the
 * remainder's shows once more in rows. The totals grow by the sums, and nothing is given to single rows a second time.
 */
export function unattributed(
  { changes }: RowChanges,
  read: DigestRead,
  baseline: Baseline,
): Pick<RowChanges, 'changes' | 'total'> {
  const grown = differenceOf(read.tableSums, baseline.tableSums);
  return { changes: changes.map((change) => ({ ...change, kind: 'rebased', by: ZERO })), total: clamped(grown) };
}

function placeOf(key: string, { table }: KnownRows, { returned }: Recall) {
  const slot = table.slotOf(key);
  if (slot >= 0) return [table, slot] as const;
  const returnedSlot = returned?.slotOf(key) ?? -1;
  return [returnedSlot >= 0 ? returned : undefined, returnedSlot] as const;
}

/**
 * What of the growth of the sums no change explains belongs to the rebased rows: nothing less than zero, and no more than
 * they hold. (One whose 32 bits began again just then would look like a table that did, so that is not looked for.)
 */
function remainderOf(missing: DigestCounters, rebased: readonly Unknown[]) {
  const most = sumOfRows(rebased);
  const counted = clamped(missing, most);
  return { counted, isExact: areEqual(missing, counted) };
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

function clamped(value: DigestCounters, most?: DigestCounters): DigestCounters {
  const clamp = (column: keyof DigestCounters) => Math.min(Math.max(0, value[column]), most?.[column] ?? Infinity);
  return {
    executions: clamp('executions'),
    timeUs: clamp('timeUs'),
    rowsAffected: clamp('rowsAffected'),
    rowsSent: clamp('rowsSent'),
  };
}

function totalOf(changes: readonly RowChange[]): DigestCounters {
  return changes.reduce((total, { by }) => sumOf(total, by), ZERO);
}

function sumOfRows(rows: readonly Unknown[]): DigestCounters {
  return rows.reduce((total, { row }) => sumOf(total, row.counters), ZERO);
}
