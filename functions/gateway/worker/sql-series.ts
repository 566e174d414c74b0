import { decodeDigestKey } from '@proxywatch/core/domain/digests/digest-key';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import type { ProxyHistory } from '@proxywatch/core/domain/digests/proxy-history';
import type { RememberedProxy } from '@proxywatch/core/domain/history/history-batch';
import type { SqlErrorHistory } from '@proxywatch/core/domain/sql-errors';
import type { ProxyDocument } from '../exposition/document.ts';
import { encodeLabels } from '../exposition/labels.ts';
import type { SeriesRef, SeriesTable } from '../exposition/series-table.ts';
import { FAMILIES } from '../families.ts';
import { KeyedSeries } from './keyed-series.ts';

/** The digest under which everything stands that is in no named series. */
export const OTHER = '__other__';

/** Series of the statistics history: totals of the proxy, of its named digests, of the remainder, and errors. */
export class SqlSeries {
  readonly #all: SeriesTable;
  readonly #allRef: SeriesRef;
  readonly #digests: KeyedSeries;
  readonly #info: KeyedSeries;
  readonly #errors: KeyedSeries;

  constructor(document: ProxyDocument, common: Readonly<Record<string, string>>) {
    const { allExecutions, allDuration, allRowsSent, allRowsAffected } = FAMILIES;
    this.#all = document.table(allExecutions, allDuration, allRowsSent, allRowsAffected);
    this.#allRef = this.#all.add(encodeLabels(common));
    const { executions, duration, rowsSent, rowsAffected } = FAMILIES;
    this.#digests = new KeyedSeries(document.table(executions, duration, rowsSent, rowsAffected), common);
    this.#info = new KeyedSeries(document.table(FAMILIES.digestInfo), common);
    this.#errors = new KeyedSeries(document.table(FAMILIES.errors), common);
    this.exposed = false;
  }

  set exposed(exposed: boolean) {
    this.#all.exposed = exposed;
    for (const { table } of [this.#digests, this.#info, this.#errors]) table.exposed = exposed;
  }

  showTotals(history: ProxyHistory): void {
    setCounters(this.#all, this.#allRef, history.totals);
    const other = this.#digests.refOf(OTHER, () => ({ hostgroup: '', schema: '', user: '', digest: OTHER }), {
      hot: true,
    });
    setCounters(this.#digests.table, other, history.other);
  }

  /** Shows one named series; `createdS` (epoch seconds) when it began with this read. */
  showSeries(key: string, total: DigestCounters, createdS: number | undefined): void {
    const options = createdS === undefined ? {} : { createdS, hot: true };
    const ref = this.#digests.refOf(key, () => labelsOf(key), options);
    setCounters(this.#digests.table, ref, total);
  }

  hideSeries(key: string): void {
    this.#digests.remove(key);
  }

  /** Hides what another history had brought and this one does not hold. */
  keepOnly({ digests, errors }: RememberedProxy): void {
    this.#digests.keepOnly(new Set([...digests.series.named, OTHER]));
    this.#errors.keepOnly(new Set([...errors.totals.keys()].map(String)));
  }

  /** Shows exactly these texts, by digest. */
  showTexts(texts: ReadonlyMap<string, string>): void {
    this.#info.keepOnly(new Set(texts.keys()));
    for (const [digest, text] of texts) this.#info.refOf(digest, () => ({ digest, digest_text: text }));
  }

  showErrors(history: SqlErrorHistory): void {
    for (const [errno, count] of history.totals) {
      const label = String(errno);
      this.#errors.table.set(
        this.#errors.refOf(label, () => ({ errno: label })),
        count,
      );
    }
  }
}

function labelsOf(key: string): Readonly<Record<string, string>> {
  const { hostgroup, schema, user, digest } = decodeDigestKey(key);
  return { hostgroup, schema, user, digest };
}

function setCounters(
  table: SeriesTable,
  ref: SeriesRef,
  { executions, timeUs, rowsSent, rowsAffected }: DigestCounters,
): void {
  table.set(ref, executions, 0);
  table.set(ref, timeUs, 1);
  table.set(ref, rowsSent, 2);
  table.set(ref, rowsAffected, 3);
}
