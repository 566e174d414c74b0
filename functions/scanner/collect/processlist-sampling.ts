import { isProxywatchError } from '@proxywatch/core/domain/errors';
import type { Processlist } from '@proxywatch/core/domain/processlist';
import { pause } from '../../collection/pause.ts';
import type { CollectContext, ScanClock } from './collect-context.ts';

export interface SamplingOptions {
  fetch(): Promise<Processlist>;
  readonly sampleMs: number;
  /** Epoch milliseconds. */
  readonly windowEndMs: number;
  readonly clock: ScanClock;
  readonly signal: AbortSignal;
  /** Hears of samples that failed; the next one is tried nevertheless. */
  readonly onMissed: (error: unknown) => void;
}

type Observe = Parameters<CollectContext['watchProcesslist']>[0];

/**
 * Samples the processlist at a steady pace until the window ends, once more right at its end, and hands each sample to all
 * who watch. Nothing piles up: a slow proxy is asked again at the next beat after it answered, and whoever is still busy
 * with a sample misses the ones between.
 */
export class ProcesslistSampling {
  readonly #options: SamplingOptions;
  readonly #watchers = new Set<Watcher>();
  #sampling: Promise<void> | undefined;

  constructor(options: SamplingOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the window is over and `observe` is done with its last sample. Rejects when `observe` does, when no sample
   * at all could be taken, or with the reason of the signal.
   */
  async watch(observe: Observe): Promise<void> {
    const watcher = new Watcher(observe);
    this.#watchers.add(watcher);
    try {
      // Whoever comes while the window lasts joins; the first sample of all begins in a moment, for all who start together.
      this.#sampling ??= this.#sample();
      await Promise.race([this.#sampling, watcher.failure]);
      await watcher.finish();
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async #sample(): Promise<void> {
    const { sampleMs, windowEndMs, clock, signal } = this.#options;
    const beganMs = clock.nowMs();
    // By the steady clock from here on: a step of the other one must not make the window longer.
    const endMs = beganMs + (windowEndMs - clock.wallMs());
    let problem: unknown;
    let samples = 0;
    for (;;) {
      try {
        this.#hand(await this.#options.fetch(), clock.wallMs());
        samples++;
      } catch (error) {
        signal.throwIfAborted();
        if (!isProxywatchError(error) || error.code === 'PROXY_UNSUPPORTED') throw error;
        problem = error;
        this.#options.onMissed(error);
      }
      const nowMs = clock.nowMs();
      if (nowMs >= endMs || this.#watchers.size === 0) break;
      const nextMs = beganMs + (Math.floor((nowMs - beganMs) / sampleMs) + 1) * sampleMs;
      await pause(Math.max(0, Math.min(nextMs, endMs) - nowMs), signal);
      signal.throwIfAborted();
    }
    if (samples === 0 && problem !== undefined) throw problem;
  }

  #hand(sample: Processlist, atMs: number): void {
    for (const watcher of this.#watchers) watcher.take(sample, atMs);
  }
}

/** One who watches: takes a sample when it is done with the one before, and none after it failed. */
class Watcher {
  readonly #observe: Observe;
  readonly #failed = Promise.withResolvers<never>();
  #working: Promise<void> | undefined;
  #hasFailed = false;

  constructor(observe: Observe) {
    this.#observe = observe;
    // Nobody listens before `watch` does.
    this.#failed.promise.catch(() => undefined);
  }

  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  take(sample: Processlist, atMs: number): void {
    if (this.#working || this.#hasFailed) return;
    this.#working = this.#work(sample, atMs);
  }

  async finish(): Promise<void> {
    await this.#working;
    if (this.#hasFailed) await this.failure;
  }

  async #work(sample: Processlist, atMs: number): Promise<void> {
    try {
      await this.#observe(sample, atMs);
    } catch (error) {
      this.#hasFailed = true;
      this.#failed.reject(error);
    } finally {
      this.#working = undefined;
    }
  }
}
