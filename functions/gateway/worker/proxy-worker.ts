import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import { ProxyDocument } from '../exposition/document.ts';
import { encodeLabels } from '../exposition/labels.ts';
import { CATALOGUE, FAMILIES } from '../families.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { Clock } from './clock.ts';
import { Collector } from './collector.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import type { ProxyLink } from './proxy-link.ts';

export interface ProxyWorkerOptions {
  readonly proxy: RegisteredProxy;
  readonly link: ProxyLink;
  readonly keeper: HistoryKeeper;
  readonly topN: number;
  /** A collection that ended less than this ago serves the next scrape too. */
  readonly shareMs: number;
  /** Time budget of one collection, whoever waits for it. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** A collection that no scrape could wait for serves the next one, unless it is older than this by then. */
const LATE_MAX_AGE_MS = 30_000;

interface Ended {
  readonly atMs: number;
  readonly error: ProxywatchError | undefined;
  /** A scrape gave up waiting for it, and none has shown it since. */
  isOwed: boolean;
}

/** Collects from one proxy and keeps its exposition. Collections never overlap; scrapes share them. */
export class ProxyWorker {
  readonly proxy: RegisteredProxy;
  readonly document = new ProxyDocument(CATALOGUE);
  readonly #options: ProxyWorkerOptions;
  readonly #collector: Collector;
  readonly #head;
  readonly #headRef;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isMissed = false;
  #ended: Ended | undefined;
  /** The latest collection that a scraper has received. */
  #seen: Ended | undefined;
  #lastSuccessMs: number | undefined;

  constructor(options: ProxyWorkerOptions) {
    const { proxy, clock, keeper, topN, metrics } = options;
    const labels = { proxy: proxy.id, namespace: proxy.namespace };
    this.proxy = proxy;
    this.#options = options;
    this.#head = this.document.table(FAMILIES.up, FAMILIES.collectDuration, FAMILIES.lastCollect);
    this.#headRef = this.#head.add(encodeLabels(labels));
    this.#collector = new Collector(this.document, { labels, keeper, clock, topN, metrics });
    this.#collector.expose(false);
  }

  /** Whether any collection has ended, well or not. */
  get hasCollected(): boolean {
    return this.#ended !== undefined;
  }

  /** Milliseconds since the last collection ended; undefined before the first one. */
  get idleMs(): number | undefined {
    return this.#ended && this.#options.clock.nowMs() - this.#ended.atMs;
  }

  /**
   * Has a fresh collection ready, at the latest at `deadlineMs` of the clock; false when there is none by then, and the
   * collection goes on for the next one to ask. Never rejects.
   */
  async refresh(deadlineMs: number): Promise<boolean> {
    if (this.#isFresh()) return true;
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined;
    });
    const isInTime = await hasEnded(this.#running, deadlineMs - this.#options.clock.nowMs());
    this.#isMissed ||= !isInTime;
    return isInTime;
  }

  /**
   * To be called in the same turn of the event loop in which the document is read, with what `refresh` answered. The
   * function that it gives is to be called when a scraper has received what is shown now.
   */
  show(isFresh: boolean): () => void {
    const isUp = isFresh && this.#ended?.error === undefined;
    if (isFresh && this.#ended) this.#ended.isOwed = false;
    this.#head.set(this.#headRef, isUp ? 1 : 0, 0);
    this.#collector.expose(isUp);
    const shown = this.#ended;
    return () => {
      if (isUp && this.#collector.sqlProblem === undefined) this.#seen = shown;
    };
  }

  /** Ends the running collection, writes what is due to the store and closes the connection; bounded by `deadlineMs`. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping.abort(new ProxywatchError('CANCELLED', `the worker of ${this.proxy.id} stops`));
    await this.#running;
    const { keeper, link, log } = this.#options;
    await keeper.save(signal).catch((error: unknown) => {
      log.warn('history not written at stop', {
        proxy: this.proxy.id,
        code: errorCodeOf(error),
        message: messageOf(error),
      });
    });
    await link.close();
  }

  /** For people: what this worker does and knows. */
  describe() {
    const { keeper, link, clock } = this.#options;
    const { digests, errors } = keeper.remembered ?? {};
    return {
      proxy: this.proxy.id,
      namespace: this.proxy.namespace,
      kind: this.proxy.kind,
      connected: link.session !== undefined,
      capabilities: link.session?.capabilities,
      collecting: this.#running !== undefined,
      endedSecondsAgo: this.#ended && (clock.nowMs() - this.#ended.atMs) / 1000,
      error: this.#ended?.error && { code: this.#ended.error.code, message: this.#ended.error.message },
      sqlWithheld: this.#collector.sqlProblem,
      lastSuccess: this.#lastSuccessMs === undefined ? undefined : new Date(this.#lastSuccessMs).toISOString(),
      rows: digests?.rows.size,
      namedSeries: digests?.series.named.size,
      errnos: errors?.totals.size,
      baseline: digests?.baseline,
      totals: digests?.totals,
      other: digests?.other,
    };
  }

  #isFresh(): boolean {
    if (!this.#ended) return false;
    const ageMs = this.#options.clock.nowMs() - this.#ended.atMs;
    return ageMs < this.#options.shareMs || (this.#ended.isOwed && ageMs < LATE_MAX_AGE_MS);
  }

  async #collect(): Promise<void> {
    const { proxy, clock, link, budgetMs, metrics, log } = this.#options;
    const startedMs = clock.nowMs();
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(budgetMs)]);
    let error: ProxywatchError | undefined;
    try {
      const isSeen = this.#seen !== undefined && this.#seen === this.#ended;
      await link.run((session) => this.#collector.collect(session, isSeen, signal), signal);
      this.#lastSuccessMs = clock.wallMs();
      this.#head.set(this.#headRef, Math.round(this.#lastSuccessMs * 1000), 2);
    } catch (thrown) {
      error = isKnown(thrown) ? thrown : new ProxywatchError('INTERNAL', messageOf(thrown), { cause: thrown });
      log.warn('collection failed', { proxy: proxy.id, code: error.code, message: error.message });
    }
    const tookMs = clock.nowMs() - startedMs;
    this.#head.set(this.#headRef, Math.round(tookMs * 1000), 1);
    metrics.collections.inc({ outcome: error?.code ?? 'ok' });
    metrics.collectSeconds.observe(tookMs / 1000);
    this.document.settle();
    this.#ended = { atMs: clock.nowMs(), error, isOwed: this.#isMissed };
    this.#isMissed = false;
  }
}

function isKnown(value: unknown): value is ProxywatchError {
  return errorCodeOf(value) !== undefined;
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
