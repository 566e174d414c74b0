import { COLUMNS, ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import type { SqlAnswer } from './sql-answer.ts';

/** What a Prometheus has stored of one proxy: the newest sample of each series, whichever gateway it came from. */
export interface StoredProxy {
  readonly totals: DigestCounters;
  readonly series: ReadonlyMap<string, DigestCounters>;
  /** When its newest scrapes began. */
  readonly scrapesMs: readonly number[];
}

interface Entry {
  totals: DigestCounters;
  readonly series: Map<string, { timeMs: number; value: DigestCounters }>;
  scrapesMs: number[];
}

const KEPT_SCRAPES = 200;

/**
 * Stores samples as Prometheus does: in the order of the scrapes' beginnings, series by labels without the gateway, one that
 * comes out of order is left out. Tells each series that falls.
 */
export class Ledger {
  readonly #proxies = new Map<string, Entry>();
  readonly #onFall: (what: string) => void;

  constructor(onFall: (what: string) => void) {
    this.#onFall = onFall;
  }

  store(proxyId: string, timeMs: number, answer: SqlAnswer): void {
    const entry: Entry = this.#proxies.get(proxyId) ?? { totals: ZERO, series: new Map(), scrapesMs: [] };
    this.#proxies.set(proxyId, entry);
    if (timeMs > (entry.scrapesMs.at(-1) ?? Number.NEGATIVE_INFINITY)) {
      this.#compare(`${proxyId} all`, entry.totals, answer.totals);
      entry.totals = answer.totals;
      entry.scrapesMs = [...entry.scrapesMs.slice(-KEPT_SCRAPES), timeMs];
    }
    for (const [labels, value] of answer.series) {
      const held = entry.series.get(labels);
      if (held && held.timeMs >= timeMs) continue;
      if (held) this.#compare(labels, held.value, value);
      entry.series.set(labels, { timeMs, value });
    }
  }

  stored(proxyId: string): StoredProxy {
    const { totals, series, scrapesMs } = this.#proxies.get(proxyId) ?? {
      totals: ZERO,
      series: new Map<string, never>(),
      scrapesMs: [],
    };
    const values = new Map([...series].map(([labels, { value }]) => [labels, value]));
    return { totals, series: values, scrapesMs };
  }

  #compare(labels: string, before: DigestCounters, after: DigestCounters): void {
    const fallen = COLUMNS.filter((column) => after[column] < before[column]);
    for (const column of fallen) this.#onFall(`${column} of ${labels}: ${before[column]} → ${after[column]}`);
  }
}
