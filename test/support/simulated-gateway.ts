import { expect } from '@jest/globals';
import { differenceOf, isAnyBelow, sumOf, ZERO } from '../../layers/core/src/domain/digests/counters.ts';
import type { DigestCounters, DigestRead } from '../../layers/core/src/domain/digests/digest-read.ts';
import type { Correction } from '../../layers/core/src/domain/digests/proxy-history.ts';
import type { RecallScope } from '../../layers/core/src/domain/digests/recall.ts';
import {
  batchOf,
  isAllStored,
  markLost,
  markStored,
  nothingRemembered,
} from '../../layers/core/src/domain/history/history-batch.ts';
import { noteRecords } from '../../layers/core/src/domain/history/recall-records.ts';
import { restoreHistory } from '../../layers/core/src/domain/history/restore-history.ts';
import type { StoredHistory } from '../../layers/core/src/domain/history/stored-history.ts';
import { SimulatedProxy } from './simulated-proxy.ts';

const DAMAGE = '?';

interface Store {
  meta: string;
  metaCopy: string;
  rows: Map<string, string>;
  series: Map<string, string>;
}

/**
 * A gateway as far as statistics go: it reads, asks its store for rows that are not in memory, corrects, stores, then
 * exposes; it may die between any two of these, and its store may lose or damage what it holds.
 */
export class SimulatedGateway {
  readonly proxy = new SimulatedProxy();
  #topN: number;
  #largestTopN: number;
  #mayName: ((key: string) => boolean) | undefined;
  remembered = nothingRemembered();
  exposed = new Map<string, DigestCounters>();
  truncateBetween = false;
  /**
   * Values were lost, and rows were taken out of the table or wrapped, or too few values were left to tell a new table from
   * the old one: not all that ran can be told any more, but never more.
   */
  #isBlind = false;
  #isPurged = false;
  #isForgetful = false;
  /** Lives of the table: the present one, and those that the latest and the latest stored read were of. */
  #life = 0;
  #readLife = 0;
  #storedLife = 0;
  #isSeen = false;
  /** Totals of single series cannot be told any more. */
  #isSeriesDamaged = false;
  #exposedTotals = ZERO;
  /** What was shown of series that are retired in memory, but not in the store yet. */
  readonly #retired = new Map<string, DigestCounters>();
  #retiresWhileStoring: number | undefined;
  #store: Store | undefined;
  #storedReadAtS: [sentS: number, answeredS: number] = [0, 0];
  #readAtS: [sentS: number, answeredS: number] = [0, 0];

  readonly #restS: number;
  /** Reads reach back over the longest read of the epoch, as those of a gateway do; without, rows may escape them. */
  readonly #hasSlack: boolean;

  constructor(topN: number, restS: number, hasSlack: boolean) {
    this.#topN = topN;
    this.#largestTopN = topN;
    this.#restS = restS;
    this.#hasSlack = hasSlack;
  }

  get isBlind(): boolean {
    return this.#isBlind || (this.#isForgetful && (this.#isPurged || this.proxy.hasWrapped));
  }

  get history() {
    return this.remembered.digests;
  }

  /** From the next reads on so many series are shown: others leave, or more come back. */
  show(topN: number): void {
    this.#topN = topN;
    this.#largestTopN = Math.max(topN, this.#largestTopN);
  }

  /** From the next reads on a part of all series may not be shown: a third, or none. */
  bar(part: number): void {
    const partOf = (key: string) => [...key].reduce((sum, character) => sum + character.charCodeAt(0), 0) % 3;
    this.#mayName = part < 3 ? (key) => partOf(key) !== part : undefined;
  }

  /** Named although they may not be. */
  get barred(): readonly string[] {
    return [...this.history.series.named].filter((key) => this.#mayName?.(key) === false);
  }

  truncate(): void {
    this.proxy.truncate(this.#restS);
    this.#life++;
  }

  restart(downS: number): void {
    this.proxy.restart(downS + this.#restS);
    this.#life++;
  }

  purge(idleS: number): void {
    this.proxy.purge(idleS);
    this.#isPurged = true;
  }

  read(tookS: number): void {
    const { baseline } = this.history;
    const since = baseline && Math.max(0, baseline.uptimeS - (this.#hasSlack ? baseline.slackS : 0));
    if (this.#correct(since, tookS) === 'corrected') return;
    if (this.truncateBetween) this.truncate();
    this.proxy.executeUnique();
    this.truncateBetween = false;
    expect(this.#correct(undefined, tookS)).toBe('corrected');
  }

  readAll(tookS: number): void {
    expect(this.#correct(undefined, tookS)).toBe('corrected');
  }

  /** As of a table that is too large to be read whole. */
  readWithoutRows(tookS: number): void {
    this.#isForgetful = true;
    expect(this.#correct(undefined, tookS, true)).toBe('corrected');
  }

  store(): void {
    this.storePart();
    while (!isAllStored(this.remembered)) this.storePart();
  }

  /** Writes a batch of some of the rows that are due; a crash before the next one forgets the others. */
  storePart(maxRows = 5): void {
    const batch = batchOf(this.remembered, this.#store === undefined, maxRows);
    if (!batch) return;
    if (!this.#store) this.#retired.clear();
    const rows = new Map(batch.replaces !== 'nothing' ? [] : this.#store?.rows);
    const series = new Map(this.#store?.series);
    for (const key of batch.deletedRows) rows.delete(key);
    for (const [key, record] of batch.rows) rows.set(key, record);
    for (const key of batch.deletedSeries) series.delete(key);
    for (const [key, record] of batch.series) series.set(key, record);
    this.#store = { meta: batch.meta, metaCopy: batch.meta, rows, series };
    this.#storedReadAtS = this.#readAtS;
    this.#storedLife = this.#readLife;
    for (const key of [...batch.deletedSeries, ...batch.series.keys()]) this.#retired.delete(key);
    if (this.#retiresWhileStoring !== undefined) this.retire(this.#retiresWhileStoring);
    this.#retiresWhileStoring = undefined;
    markStored(this.remembered, rows.size, batch);
    this.proxy.markStored();
  }

  crash(): void {
    if (this.#store && !isAllStored(this.remembered)) this.#isForgetful = true;
    this.#isSeen = false;
    // What was retired in memory only is back.
    for (const [key, shown] of this.#retired) this.exposed.set(key, shown);
    this.#retired.clear();
    this.#retiresWhileStoring = undefined;
    this.remembered = this.#store
      ? restoreHistory(storedOf(this.#store), Math.floor(this.proxy.nowS)).remembered
      : nothingRemembered();
    // A successor knows when the read was answered, not when it was sent.
    this.#readAtS = [this.#storedReadAtS[1] - 60, this.#storedReadAtS[1]];
    this.#readLife = this.#storedLife;
    if (this.#store) this.proxy.markForgotten();
    else this.proxy.taken = ZERO;
    if (!this.#store) for (const row of this.proxy.rows.values()) row.sinceTaken = row.counters;
  }

  evict(idleS: number): void {
    this.history.rows.evict(this.proxy.nowS - idleS);
  }

  spill(share: number): void {
    const { rows } = this.history;
    rows.spill(rows.table.byteLength * share);
  }

  /** Rows that were idle for longer leave the store; the answer that tells which may be lost. */
  sweep(idleS: number, isTold: boolean): void {
    const dropped = [...(this.#store?.rows ?? [])]
      .filter(([, record]) => touchedOf(record) < this.proxy.nowS - idleS)
      .map(([key]) => key);
    for (const key of dropped) this.#store?.rows.delete(key);
    if (isTold) this.history.rows.noteDropped(dropped);
    else this.history.rows.noteUncertain();
    if (dropped.length > 0 || !isTold) this.#isForgetful = true;
  }

  /** Series that were not shown for longer are forgotten, and so is what scrapes showed of them. */
  retire(goneS: number): void {
    const before = new Set(this.history.series.keys());
    this.history.retireSeries(Math.floor(this.proxy.nowS) - goneS);
    for (const key of this.history.series.keys()) before.delete(key);
    for (const key of before) {
      const shown = this.exposed.get(key);
      if (shown && this.#store?.series.has(key)) this.#retired.set(key, shown);
      this.exposed.delete(key);
    }
  }

  /** The same beside the next write, between its beginning and its end. */
  retireWhileStoring(goneS: number): void {
    this.#retiresWhileStoring = goneS;
  }

  /** The store holds no series that memory does not hold. */
  expectStoreToForget(): void {
    this.#retiresWhileStoring = undefined;
    this.store();
    const known = new Set(this.history.series.keys());
    expect([...(this.#store?.series.keys() ?? [])].filter((key) => !known.has(key))).toEqual([]);
  }

  /** The store comes back empty. */
  loseStore(): void {
    if (!this.#store) return;
    if (this.history.rows.evicted > 0) this.#isForgetful = true;
    this.#store = undefined;
    markLost(this.remembered);
    this.store();
  }

  damageRow(n: number): void {
    if (this.#store && damage(this.#store.rows, n)) this.#isForgetful = true;
  }

  damageSeries(n: number, count: number): void {
    for (let i = 0; i < count; i++) if (this.#store) damage(this.#store.series, n + i);
    this.#isSeriesDamaged = true;
  }

  damageMeta(isCopy: boolean): void {
    if (!this.#store) return;
    this.store();
    if (isCopy) this.#store.metaCopy = 'x';
    else this.#store.meta = 'x';
  }

  /** What a scrape would show: nothing fell, all parts add up, and what rose in sight is what the totals rose by. */
  expose(): void {
    const { series, other, totals, retired } = this.history;
    let sum = sumOf(other, retired);
    let risen = differenceOf(other, this.exposed.get('') ?? ZERO);
    expect(isAnyBelow(other, this.exposed.get('') ?? ZERO)).toBe(false);
    this.exposed.set('', other);
    for (const key of series.keys()) {
      const total = series.totalOf(key);
      sum = sumOf(sum, total);
      if (series.isSealed(key)) continue;
      const before = this.exposed.get(key) ?? ZERO;
      expect(isAnyBelow(total, before)).toBe(false);
      if (!series.isNamed(key)) continue;
      risen = sumOf(risen, differenceOf(total, before));
      this.exposed.set(key, total);
    }
    expect(sum).toEqual(totals);
    const trulyRisen = differenceOf(totals, this.#exposedTotals);
    if (this.#isSeriesDamaged) expect(isAnyBelow(trulyRisen, risen)).toBe(false);
    else expect(risen).toEqual(trulyRisen);
    if (!this.#isSeriesDamaged) expect(series.named.size).toBeLessThanOrEqual(this.#largestTopN);
    this.#exposedTotals = totals;
    this.#isSeen = true;
  }

  #correct(since: number | undefined, tookS: number, isWithoutRows = false): string {
    const sentS = this.proxy.nowS;
    const { rows, ...rest } = this.proxy.read(since, tookS);
    const read = { ...rest, rows: isWithoutRows ? [] : rows };
    const correction = this.#merge(read, tookS, sentS);
    if (correction.kind !== 'corrected') return correction.kind;
    const isResetSeen = correction.verdict === 'reset' || correction.verdict === 'begun';
    this.#isBlind ||= this.#isForgetful && this.#life !== this.#readLife && !isResetSeen;
    this.#isSeen = false;
    this.#readLife = this.#life;
    this.proxy.markTaken();
    this.#readAtS = [sentS, this.proxy.nowS];
    return correction.kind;
  }

  #merge(read: DigestRead, tookS: number, sentS: number): Correction {
    const [lastSentS, lastAnsweredS] = this.#readAtS;
    const elapsed = { minS: sentS - lastAnsweredS, maxS: this.proxy.nowS - lastSentS };
    const timing = { tookS, elapsed, wallS: Math.floor(this.proxy.nowS) };
    const naming = { topN: this.#topN, atS: this.proxy.nowS, mayLeave: this.#isSeen, mayName: this.#mayName };
    let scope: RecallScope = 'changed';
    for (let attempt = 0; attempt < 3; attempt++) {
      const recall = this.history.recallOf(read, scope);
      const records = recall.wanted.map((place) => this.#store?.rows.get(read.rows[place]?.key ?? ''));
      noteRecords(recall, recall.wanted, records, timing.wallS - 10);
      const correction = this.history.correct(read, timing, naming, recall);
      if (correction.kind === 'corrected' && this.#isSeen) expect(this.barred).toEqual([]);
      if (correction.kind !== 'rows-needed') return correction;
      scope = correction.scope;
    }
    throw new Error('the store was asked for everything, and again');
  }
}

function storedOf({ meta, metaCopy, rows, series }: Store): StoredHistory {
  const nothing = { rows: 0, series: 0, errors: 0 };
  const head = { meta, metaCopy, revision: '', ageMs: 0, missing: nothing };
  return { ...head, storedRows: rows.size, series, errors: new Map() };
}

function touchedOf(record: string): number {
  return Number.parseInt(/,([0-9a-z]+);[0-9a-z]+$/.exec(record)?.[1] ?? '0', 36);
}

function damage(records: Map<string, string>, n: number): boolean {
  const [key, record] = [...records][n % Math.max(1, records.size)] ?? [];
  if (key === undefined || record === undefined) return false;
  records.set(key, `${record.slice(0, 3)}${DAMAGE}${record.slice(4)}`);
  return true;
}
