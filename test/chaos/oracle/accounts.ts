import { areEqual, COLUMNS, differenceOf, sumOf, ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import type { Truth } from '../harness/chaos-proxy.ts';
import { digestOf } from './sql-answer.ts';

/** What of a proxy's truth cannot be known to anybody: executions between the last read and a reset. */
interface Losses {
  /** At most so much, as long as it was not compared since. */
  readonly atMost: DigestCounters;
  /** Exactly so much, as found by the comparison after the resets. */
  readonly known: DigestCounters;
}

/** What is known of a proxy where it was stored. */
export interface Stored {
  readonly totals: DigestCounters;
  /** The newest values of all digest series that ever were. */
  readonly series: ReadonlyMap<string, DigestCounters>;
}

const OTHER = '__other__';

/** Compares what was stored with what ran, to the execution. */
export class Accounts {
  readonly #losses = new Map<string, Losses>();
  readonly #violate: (kind: string, what: string) => void;

  constructor(violate: (kind: string, what: string) => void) {
    this.#violate = violate;
  }

  /** A proxy's table begins again: what was executed and not shown to anybody yet may be lost. */
  noteReset(proxyId: string, ran: DigestCounters, shown: DigestCounters): void {
    const { known } = this.#of(proxyId);
    this.#losses.set(proxyId, { known, atMost: differenceOf(differenceOf(ran, shown), known) });
  }

  /** While nothing runs, and after everything that ran was scraped. Answers whether all is as it should be. */
  compare(proxyId: string, truth: Truth, stored: Stored): boolean {
    const { known, atMost } = this.#of(proxyId);
    const missing = differenceOf(truth.total, stored.totals);
    const most = sumOf(known, atMost);
    const isWithin = COLUMNS.every((column) => missing[column] >= known[column] && missing[column] <= most[column]);
    if (!isWithin) {
      const excuse = areEqual(most, ZERO) ? '' : `, excused are ${JSON.stringify(known)} to ${JSON.stringify(most)}`;
      this.#violate(
        `total ${proxyId}`,
        `of ${JSON.stringify(truth.total)} there miss ${JSON.stringify(missing)}${excuse}`,
      );
    }
    this.#losses.set(proxyId, { known: missing, atMost: ZERO });
    // Increases of all series, new ones from zero: as none may fall, that is the sum of their newest values.
    const sum = [...stored.series.values()].reduce(sumOf, ZERO);
    const isWhole = areEqual(sum, stored.totals);
    if (!isWhole) {
      this.#violate(`sum ${proxyId}`, `series ${JSON.stringify(sum)}, total ${JSON.stringify(stored.totals)}`);
    }
    return isWithin && isWhole && (!areEqual(missing, ZERO) || this.#compareDigests(proxyId, truth, stored));
  }

  /** Each digest by itself, where none was ever left unnamed and nothing was lost. */
  #compareDigests(proxyId: string, truth: Truth, { series }: Stored): boolean {
    const stored = new Map<string, DigestCounters>();
    for (const [labels, value] of series) {
      const digest = digestOf(labels);
      stored.set(digest, sumOf(stored.get(digest) ?? ZERO, value));
    }
    if (!areEqual(stored.get(OTHER) ?? ZERO, ZERO)) return true;
    const wrong = [...truth.byDigest].filter(([digest, ran]) => !areEqual(stored.get(digest) ?? ZERO, ran));
    for (const [digest, ran] of wrong) {
      this.#violate(
        `digest ${proxyId}`,
        `${digest}: ${JSON.stringify(ran)} ran, ${JSON.stringify(stored.get(digest))} is stored`,
      );
    }
    return wrong.length === 0;
  }

  #of(proxyId: string): Losses {
    return this.#losses.get(proxyId) ?? { known: ZERO, atMost: ZERO };
  }
}
