import type { NamingOptions } from '@proxywatch/core/domain/digests/attribution';
import type { DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { RememberedProxy } from '@proxywatch/core/domain/history/history-batch';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { Clock } from '../../collection/clock.ts';
import { type Corrected, DigestCollector, type Merged, type TimedRead } from '../../collection/digest-collector.ts';
import type { FullReadGate } from '../../collection/full-read-gate.ts';
import type { HistoryKeeper } from '../../collection/history-keeper.ts';
import type { ProxyDocument } from '../exposition/document.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { DigestTexts } from './digest-texts.ts';
import { freeGarbageOf } from './free-garbage.ts';
import { SqlSeries } from './sql-series.ts';
import { StatusSeries } from './status-series.ts';

export interface CollectorOptions {
  readonly labels: Readonly<Record<string, string>>;
  readonly keeper: HistoryKeeper;
  readonly clock: Clock;
  /** Which series may be named, asked at each collection. */
  readonly naming: () => Pick<NamingOptions, 'topN' | 'mayName'>;
  readonly metrics: GatewayMetrics;
  /** Tables read whole wait here for their turn. @default none waits */
  readonly gate?: FullReadGate;
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
  /** Series whose exposed value is behind the history, with the time of birth (epoch seconds) where they are new. */
  readonly #due = new Map<string, number | undefined>();
  /** Series that are still exposed and named no more. */
  readonly #leaving = new Set<string>();
  readonly #texts: DigestTexts;
  #areTextsDue = false;
  #rowsRead = 0;
  #rowsReadEver = 0;
  /** The history that all of these are about, and the one that is shown. */
  #merged: RememberedProxy | undefined;
  #shown: RememberedProxy | undefined;
  #sqlProblem: string | undefined = 'not collected yet';

  constructor(document: ProxyDocument, options: CollectorOptions) {
    this.#options = options;
    this.#digests = new DigestCollector(options.clock, { gate: options.gate });
    this.#status = new StatusSeries(document, options.labels);
    this.#sql = new SqlSeries(document, options.labels);
    this.#texts = new DigestTexts(options.clock);
  }

  /** Why SQL statistics are not shown, if they are not. */
  get sqlProblem(): string | undefined {
    return this.#sqlProblem;
  }

  /** Digest rows that were read and merged so far. */
  get rowsRead(): number {
    return this.#rowsReadEver;
  }

  /** Withholds SQL statistics until the next collection is stored. */
  doubt(): void {
    this.#sqlProblem = 'the lease was lost and won again: not compared with the store yet';
  }

  /** Shows or hides what the latest collection brought; statistics only while the lease stands. */
  expose(isShown: boolean, isLeased: boolean): void {
    this.#status.exposed = isShown;
    this.#sql.exposed = isShown && isLeased && this.#sqlProblem === undefined;
  }

  /**
   * Rejects with PROXY_* errors, and leaves what is shown as it was; those of the store become `sqlProblem`. `isSeen` tells
   * that a scrape has shown what the previous collection brought.
   */
  async collect(session: ProxySession, isSeen: boolean, signal: AbortSignal): Promise<void> {
    try {
      await this.#collect(session, isSeen, signal);
    } finally {
      this.#digests.end();
      this.#options.keeper.rest();
    }
  }

  async #collect(session: ProxySession, isSeen: boolean, signal: AbortSignal): Promise<void> {
    const { keeper } = this.#options;
    const hasDigests = session.capabilities.digests;
    const unread = hasDigests ? await this.#collectDigests(session, isSeen, signal) : reasonOf(session);
    freeGarbageOf(this.#rowsRead);
    const status = await session.fetchStatus(signal);
    if (unread === undefined) keeper.remembered?.errors.correct(status);
    const problem = unread ?? (await this.#problemOf(keeper.save(signal)));
    // From here on in one go: no scrape sees half of a collection.
    this.#status.show(status);
    this.#sqlProblem = problem;
    if (problem === undefined && keeper.remembered) this.#show(keeper.remembered);
    this.#rowsRead = 0;
  }

  /** Reads and merges; answers the problem of the store when that has kept us from merging. */
  async #collectDigests(session: ProxySession, isSeen: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { keeper } = this.#options;
    // Side by side: the first read needs nothing of what is being loaded. When it fails, the load is waited for, so that
    // no other begins beside it.
    const reading = this.#digests.read(session, keeper.remembered?.digests, signal);
    const loading = this.#problemOf(keeper.load(signal));
    const timed = await reading.finally(() => loading);
    const problem = await loading;
    if (problem !== undefined || !keeper.remembered) return problem;
    const { digests } = keeper.remembered;
    const merged = await this.#merge(keeper.remembered, timed, isSeen, session, signal);
    if ('problem' in merged) return merged.problem;
    const { read, isRenamed } = merged;
    this.#rowsRead = read.rows.length;
    this.#rowsReadEver += read.rows.length;
    if (!isRenamed && this.#texts.isComplete) return undefined;
    this.#areTextsDue = true;
    await this.#texts.complete(session, digests.series.named, read.rows, signal);
    return undefined;
  }

  /** Answers the problem of the store when that has kept us from comparing the read with what only it holds. */
  async #merge(
    remembered: RememberedProxy,
    timed: TimedRead,
    isSeen: boolean,
    session: ProxySession,
    signal: AbortSignal,
  ): Promise<{ readonly read: DigestRead; readonly isRenamed: boolean } | { readonly problem: string }> {
    const { keeper, clock, metrics } = this.#options;
    const { digests } = remembered;
    const { topN, mayName } = this.#options.naming();
    const naming = { topN, mayName, atS: clock.nowMs() / 1000, mayLeave: isSeen };
    const previous = keeper.readTime;
    let merged = timed;
    let correction: Merged | undefined;
    const merging = async () => {
      correction = await this.#digests.merge(keeper, digests, merged, previous, naming, signal);
    };
    let problem = await this.#problemOf(merging());
    if (problem === undefined && correction?.kind === 'full-read-needed') {
      metrics.fullReads.inc({ reason: correction.reason });
      merged = await this.#digests.readAll(session, digests, signal);
      problem = await this.#problemOf(merging());
    }
    if (problem !== undefined) return { problem };
    if (correction?.kind !== 'corrected') throw new Error('a full read was not enough to correct the history');
    keeper.noteRead(merged.time);
    const isNew = this.#merged !== remembered;
    if (isNew) this.#adopt(remembered);
    this.#noteSeries(correction, previous && this.#epochSecondsOf(previous.latestMs));
    const isRenamed = isNew || correction.namedSeries.size > 0 || correction.unnamedSeries.size > 0;
    return { read: merged.read, isRenamed };
  }

  /** A history that was loaded shows all that it had named. */
  #adopt(remembered: RememberedProxy): void {
    this.#merged = remembered;
    this.#leaving.clear();
    this.#due.clear();
    for (const key of remembered.digests.series.named) this.#due.set(key, undefined);
  }

  /**
   * `sinceS`: when the previous read was made, at which series that are new now stood at zero; `undefined` for a history
   * that begins, since its counters are from before anybody looked and would show as a burst.
   */
  #noteSeries(correction: Corrected, sinceS: number | undefined): void {
    const { verdict, reason, movedSeries, namedSeries, returnedSeries, unnamedSeries } = correction;
    if (verdict === 'reset' || verdict === 'purged') this.#options.metrics.resets.inc({ reason: reason ?? verdict });
    for (const key of movedSeries) {
      // What goes on at an old total did not begin now: whoever counts from the beginning would count that again.
      const isBegun = namedSeries.has(key) && !returnedSeries.has(key);
      this.#due.set(key, isBegun ? sinceS : this.#due.get(key));
      this.#leaving.delete(key);
    }
    for (const key of unnamedSeries) {
      this.#due.delete(key);
      this.#leaving.add(key);
    }
  }

  #show(remembered: RememberedProxy): void {
    const { digests, errors } = remembered;
    if (this.#shown !== remembered) this.#sql.keepOnly(remembered);
    this.#shown = remembered;
    for (const key of this.#leaving) this.#sql.hideSeries(key);
    this.#leaving.clear();
    for (const [key, createdS] of this.#due) this.#sql.showSeries(key, digests.series.totalOf(key), createdS);
    this.#due.clear();
    if (this.#areTextsDue) {
      this.#sql.showTexts(this.#texts.known);
      this.#texts.markShown();
      this.#areTextsDue = false;
    }
    this.#sql.showTotals(digests);
    this.#sql.showErrors(errors);
  }

  /** What kept the store from doing what it was asked for. That is no failure of the proxy. */
  async #problemOf(answer: Promise<unknown>): Promise<string | undefined> {
    try {
      await answer;
      return undefined;
    } catch (error) {
      this.#options.metrics.storeFailures.inc({ code: errorCodeOf(error) ?? 'INTERNAL' });
      return messageOf(error);
    }
  }

  #epochSecondsOf(steadyMs: number): number {
    const { clock } = this.#options;
    return Math.floor((clock.wallMs() - (clock.nowMs() - steadyMs)) / 1000);
  }
}

function reasonOf({ capabilities }: ProxySession): string {
  return capabilities.reasons?.digests ?? 'the proxy has no digest table';
}
