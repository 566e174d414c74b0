import { isProxywatchError } from '@proxywatch/core/domain/errors';
import { sqlStatsRecordsOf } from '@proxywatch/core/domain/scan/sql-stats';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';
import type { Clock } from '../../../collection/clock.ts';
import { type Corrected, DigestCollector, type TimedRead } from '../../../collection/digest-collector.ts';
import { NO_EVENTS } from '../../../collection/history-events.ts';
import { HistoryKeeper, type ReadTime } from '../../../collection/history-keeper.ts';
import type { ReadGate } from '../../../collection/read-gate.ts';
import type { CollectContext, Collector } from '../collect-context.ts';
import { sweepHistory } from './sweep-history.ts';

/** The scanner remembers rows and totals, and names no series: which digests are shown is decided for each interval. */
const NAMING = { topN: 0, atS: 0, mayLeave: false };

export interface SqlStatsOptions {
  /** Histories of the scanner; each is written together with the records that it gave rise to. */
  readonly histories: BatchedHistories;
  readonly clock: Clock;
  /** Digest rows that nobody touched for longer leave the history. */
  readonly retentionS: number;
  /** Where reads of whole tables wait for their turn. @default they do not wait */
  readonly gate?: ReadGate;
}

/** The store of the scanner's histories, as the holder of `token` sees it: every save writes `batch()` too, both or neither. */
export type BatchedHistories = (token: string, batch: () => PendingBatch | undefined) => HistoryStore;

/**
 * Interval rows of digests, corrected as the gateway corrects them, against a history of the scanner's own: of that only the
 * rows that a read brings are fetched, and only those that changed are written. The first sight of a proxy gives no record,
 * since nobody knows when its counters began.
 */
export function createSqlStatsCollector({ histories, clock, retentionS, gate }: SqlStatsOptions): Collector {
  async function collect(context: CollectContext): Promise<void> {
    const collector = new DigestCollector(clock, { gate, request: { withExtremes: true }, resumes: true });
    try {
      await collectWith(collector, context);
    } finally {
      collector.end();
    }
  }

  async function collectWith(collector: DigestCollector, context: CollectContext): Promise<void> {
    const { proxy, session, settings, signal, token } = context;
    let batch: PendingBatch | undefined;
    const keeper = new HistoryKeeper(
      proxy.id,
      histories(token, () => batch),
      clock,
      { events: { ...NO_EVENTS, forgotten: (_, rows) => context.count({ evicted: rows }) } },
    );
    const { digests: history } = await keeper.load(signal);
    const before = keeper.readTime;

    const merge = (timed: TimedRead) => collector.merge(keeper, history, timed, before, NAMING, signal);
    let timed = await collector.read(session, history, signal);
    let correction = await merge(timed);
    if (correction.kind === 'full-read-needed') {
      timed = await collector.readAll(session, history, signal);
      correction = await merge(timed);
    }
    if (correction.kind !== 'corrected') throw new TypeError('a whole table is always taken over');

    const interval = { fromMs: before && wallOf(before, clock), toMs: wallOf(timed.time, clock) };
    const { changes, verdict, reason } = correction;
    const { uptimeS, proxyNowS } = timed.read;
    await context.tellDigests({ ...interval, changes, verdict, reason, uptimeS, proxyNowS });
    keeper.noteRead(timed.time);
    // The proxy is new, or Redis has lost what it held: then what ran before this read is in no record.
    if (verdict === 'begun') context.log.info('statistics begin with this read', { proxy: proxy.id });
    await context.commitWith(recordsOf(context, correction, interval, settings), async (pending) => {
      batch = pending;
      await keeper.save(signal);
    });
    collector.end();
    await sweep(context, keeper);
  }

  /** Housekeeping: what it does not reach now it reaches in a later run. */
  async function sweep(context: CollectContext, keeper: HistoryKeeper): Promise<void> {
    try {
      const state = await sweepHistory(
        keeper,
        context.state,
        Math.floor(clock.wallMs() / 1000),
        retentionS,
        context.signal,
      );
      if (state !== context.state) await context.commit({ state, records: [] });
    } catch (error) {
      if (!isProxywatchError(error)) throw error;
      context.log.warn('a history was not swept', { proxy: context.proxy.id, code: error.code });
    }
  }

  return { name: 'sqlStats', collect };
}

function recordsOf(
  { proxy }: CollectContext,
  { changes, total, verdict }: Corrected,
  { fromMs, toMs }: { readonly fromMs: number | undefined; readonly toMs: number },
  { sqlStatsTopN, tells }: CollectContext['settings'],
) {
  if (verdict === 'begun' || fromMs === undefined) return [];
  return sqlStatsRecordsOf(
    { proxy: proxy.id, namespace: proxy.namespace, fromMs, toMs, changes, total },
    sqlStatsTopN,
    tells,
  );
}

/** When a read was answered, epoch milliseconds. */
function wallOf({ latestMs }: ReadTime, clock: Clock): number {
  return Math.round(clock.wallMs() - (clock.nowMs() - latestMs));
}
