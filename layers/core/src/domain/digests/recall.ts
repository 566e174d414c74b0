import { type Baseline, bornOf, youngerJitterOf } from './baseline.ts';
import { CounterTable } from './counter-table.ts';
import { areEqual } from './counters.ts';
import type { DigestCounters, DigestRead, DigestRow } from './digest-read.ts';
import type { KnownRows } from './known-rows.ts';

/** As drivers ask for changed rows: times of rows are recomputed from whole seconds at each read. */
const AGE_SLACK_S = 3;

/** By place in the read; 0 for rows that were in memory. */
const NOT_ASKED = 1;
const NOT_HELD = 2;
const UNCHANGED = 3;
const RETURNED = 4;
const DAMAGED = 5;
const NOT_ANSWERED = 6;

/** What is known of a row of a read that is not in memory. */
export type Absence = 'to-be-asked' | 'untouched' | 'unknown' | 'unchanged' | 'damaged';

/** Which rows of a full read to ask for: those that may have changed since the last read, or all. */
export type RecallScope = 'changed' | 'all';

/** What the store holds of a row. */
export interface HeldRow {
  readonly counters: DigestCounters;
  readonly bornS: number;
  readonly touchedS: number;
}

/** The rows of a read that memory lacks: which of them to ask the store for, and what it answered. */
export class Recall {
  readonly read: DigestRead;
  readonly scope: RecallScope;
  readonly #youngerS: number;
  /** By place in the read. */
  readonly #answers: Uint8Array;
  readonly #wanted: number[] = [];
  #returned: CounterTable | undefined;
  #damaged = 0;

  constructor(read: DigestRead, scope: RecallScope, youngerS: number) {
    this.read = read;
    this.scope = scope;
    this.#youngerS = youngerS;
    this.#answers = new Uint8Array(read.rows.length);
  }

  /** Places in the read of the rows that the store is to be asked for. */
  get wanted(): readonly number[] {
    return this.#wanted;
  }

  /** Rows that the store held and that are wanted in memory: they changed, or are busy. */
  get returned(): CounterTable | undefined {
    return this.#returned;
  }

  /** Rows whose records could not be read. */
  get damaged(): number {
    return this.#damaged;
  }

  want(place: number): void {
    this.#wanted.push(place);
    this.#answers[place] = NOT_ANSWERED;
  }

  leaveOut(place: number, reason: 'untouched' | 'unknown'): void {
    this.#answers[place] = reason === 'untouched' ? NOT_ASKED : NOT_HELD;
  }

  /** The store holds a row. One that did not change, and was not touched since `busySinceS`, is left there. */
  noteHeld(place: number, held: HeldRow, busySinceS: number): void {
    const row = this.read.rows[place];
    if (!row) return;
    const { counters, bornS, touchedS } = held;
    const isUnchanged = areEqual(counters, row.counters) && bornOf(this.read, row) <= bornS + this.#youngerS;
    this.#answers[place] = isUnchanged && touchedS < busySinceS ? UNCHANGED : RETURNED;
    if (this.#answers[place] === UNCHANGED) return;
    this.#returned ??= new CounterTable();
    this.#returned.insert(row.key, counters, bornS, touchedS);
  }

  noteNotHeld(place: number): void {
    this.#answers[place] = NOT_HELD;
  }

  noteDamaged(place: number): void {
    this.#answers[place] = DAMAGED;
    this.#damaged++;
  }

  absenceAt(place: number): Absence {
    switch (this.#answers[place]) {
      case NOT_ASKED:
        return 'untouched';
      case NOT_HELD:
        return 'unknown';
      case UNCHANGED:
        return 'unchanged';
      case DAMAGED:
        return 'damaged';
      default:
        // Not asked yet, or the row left memory since.
        return 'to-be-asked';
    }
  }
}

/**
 * Which rows of a read to ask the store for. Of a full read that are only those that may have changed since the baseline
 * was read, unless `scope` says otherwise; never those that were born since. Without a baseline older values are of no use.
 */
export function planRecall(
  read: DigestRead,
  rows: KnownRows,
  baseline: Baseline | undefined,
  scope: RecallScope,
): Recall {
  const youngerS = youngerJitterOf(baseline);
  const recall = new Recall(read, scope, youngerS);
  for (const [place, row] of read.rows.entries()) {
    if (rows.table.slotOf(row.key) >= 0) continue;
    if (!baseline || bornOf(read, row) > baseline.uptimeS + youngerS) recall.leaveOut(place, 'unknown');
    else if (scope === 'changed' && isUntouched(read, row, baseline)) recall.leaveOut(place, 'untouched');
    else if (rows.evicted === 0) recall.leaveOut(place, 'unknown');
    else recall.want(place);
  }
  return recall;
}

function isUntouched(read: DigestRead, { lastSeenS }: DigestRow, { uptimeS, slackS }: Baseline): boolean {
  if (read.kind === 'changed' || lastSeenS === undefined) return false;
  return read.proxyNowS - lastSeenS > read.uptimeS - Math.max(0, uptimeS - slackS) + AGE_SLACK_S;
}
