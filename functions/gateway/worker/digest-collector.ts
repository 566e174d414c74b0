import type { NamingOptions } from '@proxywatch/core/domain/digests/attribution';
import type { ReadTiming } from '@proxywatch/core/domain/digests/baseline';
import type { DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import type { Correction, ProxyHistory } from '@proxywatch/core/domain/digests/proxy-history';
import type { DigestRequest, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { Clock } from './clock.ts';
import type { BaselineTime } from './history-keeper.ts';

/** Full reads beyond those that are needed, so that nothing can stay wrong for long. */
const FULL_READ_INTERVAL_MS = 3_600_000;

interface TimedRead extends BaselineTime {
  readonly read: DigestRead;
}

export type Corrected = Extract<Correction, { kind: 'corrected' }>;

/** Reads the digest table of one proxy and merges it into the history: changed rows only, the whole table when it must. */
export class DigestCollector {
  readonly #clock: Clock;
  /** The history that the latest read was merged into, and when its baseline was read. */
  #history: ProxyHistory | undefined;
  #baseline: BaselineTime | undefined;
  #fullReadDueMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Reads what changed since the history's last read. The first read is a full one: it needs no history, so it can be on
   * its way while that is loaded, and it brings the texts of series that were named before.
   */
  async read(session: ProxySession, history: ProxyHistory | undefined, signal: AbortSignal): Promise<TimedRead> {
    const baseline = history === this.#history ? history?.baseline : undefined;
    const isFull = !baseline || this.#clock.nowMs() >= this.#fullReadDueMs;
    return this.#fetch(
      session,
      isFull ? {} : { sinceUptimeS: Math.max(0, baseline.uptimeS - baseline.slackS) },
      signal,
    );
  }

  async readAll(session: ProxySession, signal: AbortSignal): Promise<TimedRead> {
    return this.#fetch(session, {}, signal);
  }

  /** Merges a read; `loaded` tells when the baseline was read if that was not done here. */
  merge(history: ProxyHistory, timed: TimedRead, naming: NamingOptions, loaded: BaselineTime | undefined): Correction {
    const correction = history.correct(
      timed.read,
      timingOf(timed, history === this.#history ? this.#baseline : loaded),
      naming,
    );
    if (correction.kind !== 'corrected') return correction;
    this.#history = history;
    this.#baseline = timed;
    if (timed.read.kind === 'full') {
      const spread = 0.5 + this.#clock.random();
      this.#fullReadDueMs = this.#clock.nowMs() + FULL_READ_INTERVAL_MS * spread;
    }
    return correction;
  }

  async #fetch(session: ProxySession, request: DigestRequest, signal: AbortSignal): Promise<TimedRead> {
    const earliestMs = this.#clock.nowMs();
    const read = await session.fetchDigests(request, signal);
    return { read, earliestMs, latestMs: this.#clock.nowMs() };
  }
}

function timingOf(timed: TimedRead, baseline: BaselineTime | undefined): ReadTiming {
  return {
    tookS: (timed.latestMs - timed.earliestMs) / 1000,
    elapsed: baseline && {
      minS: (timed.earliestMs - baseline.latestMs) / 1000,
      maxS: (timed.latestMs - baseline.earliestMs) / 1000,
    },
  };
}
