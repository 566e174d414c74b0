import type { NamingOptions } from '@proxywatch/core/domain/digests/attribution';
import type { ReadTiming } from '@proxywatch/core/domain/digests/baseline';
import type { DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import type { Correction, ProxyHistory } from '@proxywatch/core/domain/digests/proxy-history';
import type { RecallScope } from '@proxywatch/core/domain/digests/recall';
import { isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { DigestRequest, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { FullReadGate } from '../memory/full-read-gate.ts';
import type { Clock } from './clock.ts';
import type { HistoryKeeper, ReadTime } from './history-keeper.ts';

/** Full reads beyond those that are needed, so that nothing can stay wrong for long: after so much time, or so many reads. */
const FULL_READ_INTERVAL_MS = 3_600_000;
const FULL_READ_INTERVAL_READS = 60;

/** Rows that a table is taken to have that was never read. */
const USUAL_ROWS = 10_000;
/** Rows may leave memory while others are asked for; once more is usual, often is not. */
const MAX_RECALLS = 10;

export interface TimedRead {
  readonly read: DigestRead;
  readonly time: ReadTime;
}

export type Merged = Exclude<Correction, { kind: 'rows-needed' }>;
export type Corrected = Extract<Correction, { kind: 'corrected' }>;

export interface DigestCollectorOptions {
  /** Where tables that are read whole wait for their turn. @default they do not wait */
  readonly gate?: FullReadGate | undefined;
  /** What every read asks for besides. */
  readonly request?: Pick<DigestRequest, 'withExtremes'>;
  /** Goes on where another process stopped: the first read need not be a full one. @default false */
  readonly resumes?: boolean;
}

/** Reads the digest table of one proxy and merges it into the history: changed rows only, the whole table when it must. */
export class DigestCollector {
  readonly #clock: Clock;
  readonly #options: DigestCollectorOptions;
  /** Gives the turn for a full read back. */
  #leave: (() => void) | undefined;
  /** The history that the latest read was merged into. */
  #history: ProxyHistory | undefined;
  #fullReadDueMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: DigestCollectorOptions = {}) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Reads what changed since the history's last read. Unless it resumes, the first read is a full one: it needs no history,
   * so it can be on its way while that is loaded, and it brings the texts of series that were named before.
   */
  async read(session: ProxySession, history: ProxyHistory | undefined, signal: AbortSignal): Promise<TimedRead> {
    const baseline = history === this.#history || this.#options.resumes ? history?.baseline : undefined;
    if (!baseline || this.#isFullReadDue()) return this.readAll(session, history, signal);
    return this.#fetch(session, { sinceUptimeS: Math.max(0, baseline.uptimeS - baseline.slackS) }, signal);
  }

  /** Waits for its turn first: tables read whole take much memory. `end` gives the turn back. */
  async readAll(session: ProxySession, history: ProxyHistory | undefined, signal: AbortSignal): Promise<TimedRead> {
    this.end();
    try {
      this.#leave = await this.#options.gate?.enter(history?.baseline?.tableRows ?? USUAL_ROWS, signal);
    } catch (error) {
      if (isProxywatchError(error)) throw error;
      throw new ProxywatchError('PROXY_BUSY', 'other digest tables were read for too long', { cause: error });
    }
    return this.#fetch(session, {}, signal);
  }

  /** To be called when what was read is merged and stored, or will not be. */
  end(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  /**
   * Merges a read into the history that the keeper has, once the store was asked for what only it holds of the read;
   * `previous` tells when the read before was made. Rejects with STORE_* errors: nothing was merged then.
   */
  async merge(
    keeper: HistoryKeeper,
    history: ProxyHistory,
    { read, time }: TimedRead,
    previous: ReadTime | undefined,
    naming: NamingOptions,
    signal: AbortSignal,
  ): Promise<Merged> {
    const timing = timingOf(time, previous, this.#clock);
    const correction = await this.#correct(keeper, history, read, timing, naming, signal);
    if (correction.kind !== 'corrected') return correction;
    this.#history = history;
    if (read.kind === 'full') {
      const spread = 0.5 + this.#clock.random();
      this.#fullReadDueMs = this.#clock.nowMs() + FULL_READ_INTERVAL_MS * spread;
    }
    return correction;
  }

  #isFullReadDue(): boolean {
    if (this.#options.resumes && !this.#history) return this.#clock.random() < 1 / FULL_READ_INTERVAL_READS;
    return this.#clock.nowMs() >= this.#fullReadDueMs;
  }

  async #correct(
    keeper: HistoryKeeper,
    history: ProxyHistory,
    read: DigestRead,
    timing: ReadTiming,
    naming: NamingOptions,
    signal: AbortSignal,
  ): Promise<Merged> {
    let scope: RecallScope = 'changed';
    for (let attempt = 0; attempt < MAX_RECALLS; attempt++) {
      const recall = await keeper.recall(read, timing, scope, signal);
      const correction = history.correct(read, timing, naming, recall);
      if (correction.kind !== 'rows-needed') return correction;
      scope = correction.scope;
    }
    throw new ProxywatchError('STORE_UNAVAILABLE', 'rows leave memory faster than the store gives them back');
  }

  async #fetch(session: ProxySession, request: DigestRequest, signal: AbortSignal): Promise<TimedRead> {
    const earliestMs = this.#clock.nowMs();
    const read = await session.fetchDigests({ ...this.#options.request, ...request }, signal);
    return { read, time: { earliestMs, latestMs: this.#clock.nowMs() } };
  }
}

function timingOf(time: ReadTime, previous: ReadTime | undefined, clock: Clock): ReadTiming {
  return {
    wallS: Math.floor(clock.wallMs() / 1000),
    tookS: (time.latestMs - time.earliestMs) / 1000,
    elapsed: previous && {
      minS: (time.earliestMs - previous.latestMs) / 1000,
      maxS: (time.latestMs - previous.earliestMs) / 1000,
    },
  };
}
