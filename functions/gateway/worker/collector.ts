import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { RememberedProxy } from '@proxywatch/core/domain/history/history-batch';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { ProxyDocument } from '../exposition/document.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { Clock } from './clock.ts';
import { type Corrected, DigestCollector } from './digest-collector.ts';
import { DigestTexts } from './digest-texts.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import { SqlSeries } from './sql-series.ts';
import { StatusSeries } from './status-series.ts';

export interface CollectorOptions {
  readonly labels: Readonly<Record<string, string>>;
  readonly keeper: HistoryKeeper;
  readonly clock: Clock;
  readonly topN: number;
  readonly metrics: GatewayMetrics;
}

/**
 * One collection from one proxy, in the order that keeps the promises: read, correct, write what changed, and only then
 * change what is exposed. Without the store the proxy's own state is still shown; its SQL statistics are withheld, since a
 * number that a successor could undercut must not be seen.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #digests: DigestCollector;
  readonly #sql: SqlSeries;
  readonly #status: StatusSeries;
  /** Series whose exposed value is behind the history; with the time of birth where they are new. */
  readonly #due = new Map<string, number | undefined>();
  /** Series that are still exposed and named no more. */
  readonly #leaving = new Set<string>();
  readonly #texts: DigestTexts;
  #areTextsDue = false;
  /** The history that is shown: one that was loaded shows all that it had named. */
  #shown: RememberedProxy | undefined;
  /** Of the latest collection that ended, and of the one under way. */
  #sqlProblem: string | undefined = 'not collected yet';
  #problem: string | undefined;

  constructor(document: ProxyDocument, options: CollectorOptions) {
    this.#options = options;
    this.#digests = new DigestCollector(options.clock);
    this.#status = new StatusSeries(document, options.labels);
    this.#sql = new SqlSeries(document, options.labels);
    this.#texts = new DigestTexts(options.clock);
  }

  /** Why SQL statistics are not shown, if they are not. */
  get sqlProblem(): string | undefined {
    return this.#sqlProblem;
  }

  /** Shows or hides what the latest collection brought. */
  expose(isShown: boolean): void {
    this.#status.exposed = isShown;
    this.#sql.exposed = isShown && this.#sqlProblem === undefined;
  }

  /**
   * Rejects with PROXY_* errors; those of the store become `sqlProblem`. `isSeen` tells that a scrape has shown what the
   * previous collection brought.
   */
  async collect(session: ProxySession, isSeen: boolean, signal: AbortSignal): Promise<void> {
    const { keeper } = this.#options;
    this.#problem = session.capabilities.digests ? undefined : reasonOf(session);
    if (this.#problem === undefined) await this.#collectDigests(session, isSeen, signal);
    const status = await session.fetchStatus(signal);
    keeper.remembered?.errors.correct(status);
    this.#status.show(status);
    if (this.#problem === undefined) await this.#orProblem(keeper.save(signal));
    if (this.#problem === undefined) this.#show();
    this.#sqlProblem = this.#problem;
  }

  /** Reads and merges, unless the store keeps us from it. */
  async #collectDigests(session: ProxySession, isSeen: boolean, signal: AbortSignal): Promise<void> {
    const { keeper, topN, metrics, clock } = this.#options;
    // Side by side: the first read needs nothing of what is being loaded.
    const reading = this.#digests.read(session, keeper.remembered?.digests, signal);
    const loading = this.#orProblem(keeper.load(signal));
    const [timed, remembered] = [await settled(reading, loading), await loading];
    if (!remembered) return;
    const { digests } = remembered;
    const naming = { topN, atS: clock.nowMs() / 1000, mayLeave: isSeen };
    let merged = timed;
    let correction = this.#digests.merge(digests, timed, naming, keeper.loadedBaseline);
    if (correction.kind === 'full-read-needed') {
      metrics.fullReads.inc({ reason: correction.reason });
      merged = await this.#digests.readAll(session, signal);
      correction = this.#digests.merge(digests, merged, naming, keeper.loadedBaseline);
    }
    if (correction.kind !== 'corrected') throw new Error('a full read was not enough to correct the history');
    this.#remember(correction);
    const isRenamed =
      correction.namedSeries.size > 0 || correction.unnamedSeries.size > 0 || this.#shown !== remembered;
    if (!isRenamed && this.#texts.isComplete) return;
    this.#areTextsDue = true;
    await this.#texts.complete(session, digests.series.named, merged.read.rows, signal);
  }

  #remember({ verdict, reason, movedSeries, namedSeries, unnamedSeries }: Corrected): void {
    const { clock, metrics } = this.#options;
    if (verdict !== 'continued') metrics.resets.inc({ reason: reason ?? verdict });
    // A history that begins has counters from before anybody looked: saying that they began now would show them as a burst.
    const bornS = verdict === 'begun' ? undefined : Math.floor(clock.wallMs() / 1000);
    for (const key of movedSeries) {
      this.#due.set(key, namedSeries.has(key) ? bornS : this.#due.get(key));
      this.#leaving.delete(key);
    }
    for (const key of unnamedSeries) {
      this.#due.delete(key);
      this.#leaving.add(key);
    }
  }

  #show(): void {
    const remembered = this.#options.keeper.remembered;
    if (!remembered) return;
    const { digests, errors } = remembered;
    if (this.#shown !== remembered) {
      this.#sql.keepOnly(digests.series.named);
      for (const key of digests.series.named) this.#due.set(key, this.#due.get(key));
      this.#shown = remembered;
    }
    for (const key of this.#leaving) this.#sql.hideSeries(key);
    this.#leaving.clear();
    for (const [key, createdS] of this.#due) this.#sql.showSeries(key, digests.series.totalOf(key), createdS);
    this.#due.clear();
    if (this.#areTextsDue) this.#sql.showTexts(this.#texts.known);
    this.#areTextsDue = false;
    this.#sql.showTotals(digests);
    this.#sql.showErrors(errors);
  }

  /** What a store answers; its failure is no failure of the proxy, but SQL statistics are withheld. */
  async #orProblem<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      const code = errorCodeOf(error);
      if (code === undefined || code.startsWith('PROXY_') || code === 'CANCELLED') throw error;
      this.#options.metrics.storeFailures.inc({ code });
      this.#problem = messageOf(error);
      return undefined;
    }
  }
}

/** Waits for both before either failure is thrown: an answer that nobody waits for would still be on the wire. */
async function settled<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  await Promise.allSettled([first, second]);
  return first;
}

function reasonOf({ capabilities }: ProxySession): string {
  return capabilities.reasons?.digests ?? 'the proxy has no digest table';
}
