import { errorCodeOf, isProxywatchError, messageOf } from '@proxywatch/core/domain/errors';
import type { SinkName } from '@proxywatch/core/domain/scan/collectors';
import type { ScanBatch } from '@proxywatch/core/domain/scan/scan-record';
import type { Log } from '@proxywatch/core/ports/log';
import type { PendingBatch, ScanStore } from '@proxywatch/core/ports/scan-store';
import type { Sink } from '@proxywatch/core/ports/sink';
import { bounded } from '../../collection/bounded.ts';
import { abortAfter } from './abort-after.ts';

export interface DeliveryOptions {
  readonly proxyId: string;
  readonly token: string;
  readonly store: Pick<ScanStore, 'settle'>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  /** Sinks that failed in this run of the scanner, for whichever proxy: nobody waits for them again. */
  readonly away: Set<SinkName>;
  /** How long one write may take now, milliseconds. */
  readonly writeTimeoutMs: () => number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Another run has the proxy. */
  readonly onFenced: (error: unknown) => void;
}

/**
 * Brings persisted batches of one proxy to their sinks, each sink in the order in which they were committed and none
 * waiting for another, and settles what has arrived. What a sink does not take now stays in the store for the next run;
 * only what it refuses for good is let go, with a line in the log.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #lanes = new Map<SinkName, Lane>();
  /** Sinks that do not have it yet. */
  readonly #pending = new Map<PendingBatch, Set<SinkName>>();
  #isStopped = false;
  #delivered = 0;
  #refused = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  get delivered(): number {
    return this.#delivered;
  }

  get refused(): number {
    return this.#refused;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Takes batches that stand in the store; they are on their way when this returns. */
  add(batches: readonly PendingBatch[]): void {
    for (const one of batches) {
      this.#pending.set(one, new Set(one.pending));
      for (const name of one.pending) this.#laneOf(name).queue.push(one);
    }
    for (const [name, lane] of this.#lanes) {
      if (lane.queue.length > 0 && !this.#isStopped) lane.work ??= this.#work(name, lane);
    }
  }

  /** Writes a batch that stands in no store: a sink that does not take it now never gets it. */
  async writeOnce({ batch, pending }: PendingBatch): Promise<void> {
    await Promise.all(
      pending.map(async (name) => {
        if ((await this.#write(name, batch)) === 'written') this.#delivered++;
      }),
    );
  }

  /** Resolves when every batch is delivered, or all that can be done in this run is done. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ work }) => work));
  }

  #laneOf(name: SinkName): Lane {
    const lane = this.#lanes.get(name) ?? { queue: [], work: undefined };
    this.#lanes.set(name, lane);
    return lane;
  }

  async #work(name: SinkName, lane: Lane): Promise<void> {
    for (let one = lane.queue[0]; one && !this.#isStopped && !this.#isAway(name); one = lane.queue[0]) {
      const { batch } = one;
      const outcome = await this.#write(name, batch);
      if (outcome === 'not-now' || !(await this.#settle(name, batch))) break;
      this.#noteSettled(name, one);
      if (outcome === 'written') this.#delivered++;
      lane.queue.shift();
    }
    lane.work = undefined;
  }

  #isAway(name: SinkName): boolean {
    const { away, signal } = this.#options;
    return away.has(name) || signal.aborted;
  }

  async #write(name: SinkName, batch: ScanBatch): Promise<Written> {
    const { sinks, away, signal, writeTimeoutMs, log } = this.#options;
    const sink = sinks.get(name);
    if (!sink) return this.#letGo(name, batch, 'no such sink is configured any more');
    if (this.#isAway(name)) return 'not-now';
    const limit = abortAfter(writeTimeoutMs(), signal);
    try {
      const what = { code: 'SINK_UNAVAILABLE', what: `writing to ${name}` } as const;
      await bounded(sink.write(batch, limit.signal), limit.signal, what);
      return 'written';
    } catch (error) {
      if (signal.aborted) return 'not-now';
      if (isProxywatchError(error) && !error.retryable) return this.#letGo(name, batch, messageOf(error));
      away.add(name);
      log.warn('a sink is away: what it does not have is kept', {
        sink: name,
        proxy: batch.proxy,
        code: errorCodeOf(error) ?? 'INTERNAL',
        problem: messageOf(error),
      });
      return 'not-now';
    } finally {
      limit.clear();
    }
  }

  #letGo(name: SinkName, batch: ScanBatch, problem: string): Written {
    const { log } = this.#options;
    this.#refused++;
    const { id, proxy, collector, records } = batch;
    log.error('a batch is let go', { sink: name, batch: id, proxy, collector, records: records.length, problem });
    return 'let-go';
  }

  /** Whether the store knows that the sink is through with the batch; else it gets it again. */
  async #settle(name: SinkName, { id }: ScanBatch): Promise<boolean> {
    const { proxyId, token, store, signal, log, onFenced } = this.#options;
    try {
      await bounded(store.settle(proxyId, token, id, [name], signal), signal, {
        code: 'STORE_UNAVAILABLE',
        what: 'settling a batch',
      });
    } catch (error) {
      this.#isStopped = true;
      const code = errorCodeOf(error);
      if (code === 'STORE_FENCED') onFenced(error);
      else if (!signal.aborted) log.warn('a batch was not settled', { proxy: proxyId, batch: id, code });
      return false;
    }
    return true;
  }

  #noteSettled(name: SinkName, one: PendingBatch): void {
    const pending = this.#pending.get(one);
    pending?.delete(name);
    if (pending?.size === 0) this.#pending.delete(one);
  }
}

type Written = 'written' | 'let-go' | 'not-now';

interface Lane {
  readonly queue: PendingBatch[];
  work: Promise<void> | undefined;
}
