import { errorCodeOf, isProxywatchError, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { Clock } from '../../collection/clock.ts';
import type { FullReadGate } from '../../collection/full-read-gate.ts';
import type { HistoryKeeper } from '../../collection/history-keeper.ts';
import type { ProxyLink } from '../../collection/proxy-link.ts';
import { ProxyDocument } from '../exposition/document.ts';
import { encodeLabels } from '../exposition/labels.ts';
import { CATALOGUE, FAMILIES } from '../families.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { Collector } from './collector.ts';
import { limitsOf, type WorkerLimits } from './worker-limits.ts';

export interface ProxyWorkerOptions {
  readonly proxy: RegisteredProxy;
  readonly link: ProxyLink;
  readonly keeper: HistoryKeeper;
  /** Whether the lease of the proxy still stands: asked right before statistics are shown. @default always */
  readonly mayExpose?: () => boolean;
  /** Unless the settings of the proxy say otherwise, like the budget below. */
  readonly topN: number;
  /** A collection that ended less than this ago serves the next scrape too. */
  readonly shareMs: number;
  /** Time budget of one collection, whoever waits for it. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  /** Tables read whole wait here for their turn. @default none waits */
  readonly gate?: FullReadGate;
}

/** Who says nothing of being a scraper counts as one when no other was heard for so long: its series are stale by then. */
const SCRAPER_SILENCE_MS = 300_000;
/** A collection that no scrape could wait for serves the next one, unless it is older than this by then. */
const LATE_MAX_AGE_MS = 30_000;

interface Ended {
  readonly atMs: number;
  readonly error: ProxywatchError | undefined;
  /** A scrape gave up waiting for it, and no other has had it. */
  isOwed: boolean;
}

/** Collects from one proxy and keeps its exposition. Collections never overlap; scrapes share them. */
export class ProxyWorker {
  readonly document = new ProxyDocument(CATALOGUE);
  readonly #options: ProxyWorkerOptions;
  #proxy: RegisteredProxy;
  #limits: WorkerLimits;
  readonly #collector: Collector;
  readonly #head;
  readonly #headRef;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isMissed = false;
  #ended: Ended | undefined;
  /** The latest collection that a scraper has received. */
  #seen: Ended | undefined;
  /** When a scraper was heard last; a proxy that has just come is taken to have one. */
  #scraperMs: number;
  #lastSuccessMs: number | undefined;
  #collectMs = 0;
  #reported: { readonly error: string | undefined; readonly withheld: string | undefined } | undefined;

  constructor(options: ProxyWorkerOptions) {
    const { proxy, clock, keeper, metrics, gate } = options;
    const labels = { proxy: proxy.id, namespace: proxy.namespace };
    this.#proxy = proxy;
    this.#limits = limitsOf(proxy, options);
    this.#options = options;
    this.#scraperMs = clock.nowMs();
    this.#head = this.document.table(FAMILIES.up, FAMILIES.collectDuration, FAMILIES.lastCollect);
    this.#headRef = this.#head.add(encodeLabels(labels));
    const naming = () => this.#limits;
    this.#collector = new Collector(this.document, { labels, keeper, clock, naming, metrics, gate });
    this.#collector.expose(false, false);
  }

  get proxy(): RegisteredProxy {
    return this.#proxy;
  }

  /** The same proxy, watched in another way from the next collection on. */
  follow(proxy: RegisteredProxy): void {
    if (proxy === this.#proxy) return;
    this.#proxy = proxy;
    this.#limits = limitsOf(proxy, this.#options);
  }

  get keeper(): HistoryKeeper {
    return this.#options.keeper;
  }

  /** Whether any collection has ended, well or not. */
  get hasCollected(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether it was told to end: it has nothing to show any more, and says nothing about the proxy. */
  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Starts a collection unless one runs or ended less than `idleMs` ago: what nobody scrapes must not go blind. */
  collectIfIdle(idleMs: number): void {
    if (this.#ageMs() >= idleMs) void this.#collection();
  }

  /**
   * Waits for a fresh collection, at most `budgetMs`; false when there is none by then, and it goes on for the next one
   * to ask. Never rejects.
   */
  async refresh(budgetMs: number): Promise<boolean> {
    if (this.#takeEnded()) return true;
    const isInTime = await hasEnded(this.#collection(), budgetMs);
    if (!isInTime) this.#isMissed = true;
    else if (this.#ended) this.#ended.isOwed = false;
    return isInTime;
  }

  /**
   * Shows what there is, given what `refresh` answered. To be called without a pause before the document is read; what it
   * gives is to be called when that was received: what people look at must not count as a scrape, or a series could leave
   * before its last increase was stored.
   */
  show(isFresh: boolean): (isScraper: boolean) => void {
    const shown = this.#ended;
    const isUp = isFresh && shown !== undefined && shown.error === undefined;
    this.#head.set(this.#headRef, isUp ? 1 : 0, 0);
    const mayExpose = this.#options.mayExpose?.() ?? true;
    this.#collector.expose(isUp, mayExpose);
    const gap = this.#gapOf(isFresh, isUp, mayExpose);
    const isComplete = gap === undefined;
    return (isScraper) => {
      if (isScraper && gap !== undefined) this.#options.metrics.gaps.inc({ reason: gap });
      const nowMs = this.#options.clock.nowMs();
      if (isScraper) this.#scraperMs = nowMs;
      const isScrape = isScraper || nowMs - this.#scraperMs >= SCRAPER_SILENCE_MS;
      if (isScrape && isComplete) this.#seen = shown;
    };
  }

  /** Why a scrape goes without statistics, if it does. */
  #gapOf(isFresh: boolean, isUp: boolean, mayExpose: boolean): string | undefined {
    if (!isFresh) return 'late';
    if (!isUp) return 'down';
    if (!mayExpose) return 'no-lease';
    return this.#collector.sqlProblem === undefined ? undefined : 'withheld';
  }

  /** Ends the running collection, writes what is due to the store (until `signal` aborts) and closes the connection. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping.abort(new ProxywatchError('CANCELLED', `the worker of ${this.proxy.id} stops`));
    await this.#running;
    const { link, log } = this.#options;
    await this.#writeRest(signal).catch((error: unknown) => {
      log.warn('history not written at stop', {
        proxy: this.proxy.id,
        code: errorCodeOf(error),
        message: messageOf(error),
      });
    });
    await link.close();
  }

  /** A history that is in doubt is compared with the store first: nobody does that after us. */
  async #writeRest(signal: AbortSignal): Promise<void> {
    const { keeper } = this.#options;
    if (keeper.remembered) await keeper.load(signal);
    await keeper.save(signal);
  }

  /**
   * The lease was lost and won again. Another gateway may have shown more meanwhile, so nothing of before is: not until a
   * collection has been compared with the store, see HistoryKeeper.
   */
  regain(): void {
    this.#options.keeper.regain();
    this.#collector.doubt();
    if (this.#ended) this.#ended = { ...this.#ended, atMs: Number.NEGATIVE_INFINITY, isOwed: false };
  }

  /** Ends at once and writes nothing: another gateway has the proxy. */
  async abandon(): Promise<void> {
    this.#stopping.abort(new ProxywatchError('CANCELLED', `the worker of ${this.proxy.id} lost its lease`));
    await this.#running;
    await this.#options.link.close();
  }

  /** What the proxy has cost so far, and what it takes now. */
  get cost() {
    return {
      collectSeconds: this.#collectMs / 1000,
      rowsRead: this.#collector.rowsRead,
      series: this.seriesCount ?? 0,
      historyBytes: this.keeper.byteLength,
    };
  }

  /** Digest series that it exposes, the remainder included; undefined before the history is loaded. */
  get seriesCount(): number | undefined {
    const { remembered } = this.#options.keeper;
    return remembered && 1 + remembered.digests.series.named.size;
  }

  /** For people: what this worker does and knows. */
  describe() {
    const { keeper, link } = this.#options;
    const { digests, errors } = keeper.remembered ?? {};
    return {
      proxy: this.proxy.id,
      namespace: this.proxy.namespace,
      kind: this.proxy.kind,
      monitoring: this.proxy.monitoring,
      connected: link.session !== undefined,
      capabilities: link.session?.capabilities,
      collecting: this.#running !== undefined,
      endedSecondsAgo: this.#ended && this.#ageMs() / 1000,
      error: this.#ended?.error && { code: this.#ended.error.code, message: this.#ended.error.message },
      sqlWithheld: this.#collector.sqlProblem,
      lastSuccess: this.#lastSuccessMs === undefined ? undefined : new Date(this.#lastSuccessMs).toISOString(),
      rows: digests?.rows.size,
      evictedRows: digests?.rows.evicted,
      historyBytes: keeper.byteLength,
      namedSeries: digests?.series.named.size,
      keptSeries: digests && digests.series.size - digests.series.named.size,
      leased: this.#options.mayExpose?.() ?? true,
      errnos: errors?.totals.size,
      baseline: digests?.baseline,
      totals: digests?.totals,
      other: digests?.other,
    };
  }

  /** Milliseconds since the last collection ended. */
  #ageMs(): number {
    return this.#ended ? this.#options.clock.nowMs() - this.#ended.atMs : Number.POSITIVE_INFINITY;
  }

  /** Whether the collection that ended last will do. One that is owed is given out once. */
  #takeEnded(): boolean {
    if (!this.#ended) return false;
    const ageMs = this.#ageMs();
    const isTaken = ageMs < this.#options.shareMs || (this.#ended.isOwed && ageMs < LATE_MAX_AGE_MS);
    this.#ended.isOwed = false;
    return isTaken;
  }

  /** The collection under way, or a new one. Never rejects. */
  #collection(): Promise<void> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #collect(): Promise<void> {
    const { clock, metrics } = this.#options;
    const startedMs = clock.nowMs();
    const error = await this.#attempt();
    const tookMs = clock.nowMs() - startedMs;
    this.#collectMs += tookMs;
    this.#head.set(this.#headRef, Math.round(tookMs * 1000), 1);
    metrics.collections.inc({ outcome: error?.code ?? 'ok' });
    metrics.collectSeconds.observe(tookMs / 1000);
    this.#report(error);
    // A failure is owed to nobody: the next scrape tries again.
    this.#ended = { atMs: clock.nowMs(), error, isOwed: this.#isMissed && error === undefined };
    this.#isMissed = false;
  }

  async #attempt(): Promise<ProxywatchError | undefined> {
    const { clock, link } = this.#options;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#limits.budgetMs)]);
    try {
      const isSeen = this.#seen !== undefined && this.#seen === this.#ended;
      await link.run((session) => this.#collector.collect(session, isSeen, signal), signal);
      this.#lastSuccessMs = clock.wallMs();
      this.#head.set(this.#headRef, Math.round(this.#lastSuccessMs * 1000), 2);
      this.document.settle();
      return undefined;
    } catch (error) {
      return isProxywatchError(error) ? error : new ProxywatchError('INTERNAL', messageOf(error), { cause: error });
    }
  }

  /** Logs what changed: a proxy that is down for a day is one line, not one for each scrape. */
  #report(error: ProxywatchError | undefined): void {
    const { log } = this.#options;
    const { proxy } = this;
    const withheld = error ? this.#reported?.withheld : this.#collector.sqlProblem;
    const before = this.#reported;
    this.#reported = { error: error?.code, withheld };
    if (error && error.code !== before?.error) {
      log.warn('collection failed', { proxy: proxy.id, code: error.code, message: error.message });
    }
    if (!error && before?.error !== undefined) log.info('collection works again', { proxy: proxy.id });
    if (withheld === before?.withheld) return;
    if (withheld === undefined) log.info('SQL statistics are shown again', { proxy: proxy.id });
    else log.warn('SQL statistics are withheld', { proxy: proxy.id, problem: withheld });
  }
}

async function hasEnded(running: Promise<void>, withinMs: number): Promise<boolean> {
  const timer = Promise.withResolvers<boolean>();
  const timeout = setTimeout(() => timer.resolve(false), Math.max(0, withinMs));
  try {
    return await Promise.race([running.then(() => true), timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
