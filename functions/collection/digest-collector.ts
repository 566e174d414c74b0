import type { NamingOptions } from '@proxywatch/core/domain/digests/attribution';
import type { ReadTiming } from '@proxywatch/core/domain/digests/baseline';
import { areRowsLeftOut, type DigestRead } from '@proxywatch/core/domain/digests/digest-read';
import type { Correction, ProxyHistory } from '@proxywatch/core/domain/digests/proxy-history';
import type { RecallScope } from '@proxywatch/core/domain/digests/recall';
import { isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { DigestRequest, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { Clock } from './clock.ts';
import type { HistoryKeeper, ReadTime } from './history-keeper.ts';
import type { ReadGate, Turn } from './read-gate.ts';

/** Full reads beyond those that are needed, so that nothing can stay wrong for long: after so much time, or so many reads. */
const FULL_READ_INTERVAL_MS = 3_600_000;
const FULL_READ_INTERVAL_READS = 60;

/** Longer ago, most of a table may have changed: it is read whole, since such reads are bounded in size. */
const MAX_CHANGES_MS = 600_000;

/** Rows that a table is taken to have that was never read: it may be any. */
const UNKNOWN_ROWS = 50_000;
/** Reads that bring fewer rows wait for nobody. */
const FEW_ROWS = 1_000;
/** Rows may leave memory while others are asked for; once more is usual, often is not. */
const MAX_RECALLS = 10;

export interface TimedRead {
  readonly read: DigestRead;
  readonly time: ReadTime;
}

export type Merged = Exclude<Correction, { kind: 'rows-needed' }>;
export type Corrected = Extract<Correction, { kind: 'corrected' }>;

export interface DigestCollectorOptions {
  /** Where large reads wait for their turn. @default they do not wait */
  readonly gate?: ReadGate | undefined;
  /** What every read asks for besides. */
  readonly request?: Pick<DigestRequest, 'withExtremes'>;
  /** Goes on where another process stopped: the first read need not be a full one. @default false */
  readonly resumes?: boolean;
}

/** Reads the digest table of one proxy and merges it into the history: changed rows only, the whole table when it must. */
export class DigestCollector {
  readonly #clock: Clock;
  readonly #options: DigestCollectorOptions;
  #turn: Turn | undefined;
  /** Rows that the latest read of changed ones brought. */
  #changedRows = 0;
  /** The history that the latest read was merged into. */
  #history: ProxyHistory | undefined;
  #mergedMs = Number.NEGATIVE_INFINITY;
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
    if (this.#changedRows >= FEW_ROWS) await this.#enter(this.#changedRows, signal);
    const timed = await this.#fetch(session, { sinceUptimeS: Math.max(0, baseline.uptimeS - baseline.slackS) }, signal);
    this.#changedRows = timed.read.rows.length;
    return timed;
  }

  /** Waits for its turn first: large reads take much memory. `end` gives the turn back. */
  async readAll(session: ProxySession, history: ProxyHistory | undefined, signal: AbortSignal): Promise<TimedRead> {
    await this.#enter(history?.baseline?.tableRows ?? UNKNOWN_ROWS, signal);
    return this.#fetch(session, {}, signal);
  }

  /** To be called when what was read is merged and stored, or will not be. */
  end(): void {
    this.#turn?.leave();
    this.#turn = undefined;
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
    this.#mergedMs = this.#clock.nowMs();
    if (read.kind === 'full') {
      const spread = 0.5 + this.#clock.random();
      // A table that is too large to be read whole is forgotten whenever that is tried.
      const afterMs = areRowsLeftOut(read) ? Number.POSITIVE_INFINITY : FULL_READ_INTERVAL_MS * spread;
      this.#fullReadDueMs = this.#clock.nowMs() + afterMs;
    }
    return correction;
  }

  #isFullReadDue(): boolean {
    if (this.#options.resumes && !this.#history) return this.#clock.random() < 1 / FULL_READ_INTERVAL_READS;
    return this.#clock.nowMs() >= Math.min(this.#fullReadDueMs, this.#mergedMs + MAX_CHANGES_MS);
  }

  async #enter(rows: number, signal: AbortSignal): Promise<void> {
    this.end();
    try {
      this.#turn = await this.#options.gate?.enter(rows, signal);
    } catch (error) {
      if (isProxywatchError(error)) throw error;
      throw new ProxywatchError('PROXY_BUSY', 'other digest tables were read for too long', { cause: error });
    }
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
    this.#turn?.arrived(read.rows.length);
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
