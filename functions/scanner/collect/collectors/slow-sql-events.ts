import type { QueryEvents } from '@proxywatch/core/domain/processlist';
import { aheadOfProxyMs } from '@proxywatch/core/domain/scan/clock-step';
import { eventsLostRecord } from '@proxywatch/core/domain/scan/key-records';
import { type ClockReading, hasRestarted } from '@proxywatch/core/domain/scan/restart';
import { eventRecordOf } from '@proxywatch/core/domain/scan/slow-sql';
import type { CollectContext } from '../collect-context.ts';
import type { Findings } from './findings.ts';
import type { RingMemory, SlowSqlMemory } from './slow-sql-memory.ts';

/** Slow ones; those that were quick stay in the proxy. */
const PAGE_EVENTS = 2_000;
/** What remains after so many pages is read by the next run, or lost by the proxy and counted. */
const MAX_PAGES = 25;

/**
 * Reads the ring of query events from where the last run stopped, page by page, each committed before the next is asked for.
 * Resolves to false when the ring has never held anything: then it is switched off, and knows of nothing.
 */
export async function readQueryEvents(context: CollectContext, findings: Findings<SlowSqlMemory>): Promise<boolean> {
  const { session, signal, clock, settings, log, proxy } = context;
  const scope = { proxy: proxy.id, namespace: proxy.namespace, showLiterals: settings.showLiterals };
  const minDurationUs = settings.slowSqlMs * 1_000;
  let { ring } = findings.memory;
  for (let page = 0; page < MAX_PAGES && findings.room > 0; page++) {
    const afterId = ring?.cursor ?? 0;
    const limit = Math.min(PAGE_EVENTS, findings.room);
    const answer = await session.fetchQueryEvents({ afterId, limit, minDurationUs }, signal);
    const atMs = Math.round(clock.wallMs());
    const now: ClockReading = { atMs, uptimeS: answer.uptimeS, proxyNowS: answer.proxyNowS };
    if (ring && hasRestarted(ring.clock, now)) {
      // Its ids, and what it counts, began anew.
      ring = { cursor: 0, dropped: 0, clock: now };
      continue;
    }
    if (!afterId && !answer.ids && !answer.droppedSinceStart) {
      if (findings.memory.ring) findings.take({ ring: undefined });
      return false;
    }
    const lost = ring ? lostOf(ring, answer) : { dropped: 0, skipped: 0 };
    const { events, isCut, ids } = answer;
    const next: RingMemory = {
      cursor: (isCut ? events.at(-1)?.id : ids?.newest) ?? afterId,
      dropped: answer.droppedSinceStart ?? ring?.dropped,
      clock: now,
    };
    const lostEvents = lost.dropped + lost.skipped;
    if (lostEvents > 0) log.warn('query events were lost before they were read', { proxy: proxy.id, ...lost });
    context.count({ dropped: lostEvents });
    const aheadMs = aheadOfProxyMs(now);
    const interval = { ...scope, fromMs: ring?.clock.atMs ?? atMs, toMs: atMs };
    // What was seen running is in the ring.
    findings.take({ ring: next, sightings: [] }, [
      ...(lostEvents > 0 ? [eventsLostRecord(interval, lostEvents)] : []),
      ...events.map((event) => eventRecordOf(event, aheadMs, { ...scope, observedAtMs: atMs })),
    ]);
    await findings.commit();
    ring = next;
    if (!isCut) return true;
  }
  context.count({ truncated: 1 });
  log.warn('more query events than one run reads', { proxy: proxy.id });
  return true;
}

interface Lost {
  /** By the proxy, before they had ids. */
  readonly dropped: number;
  /** Pushed out of its table, after they had them. */
  readonly skipped: number;
}

function lostOf({ cursor, dropped }: RingMemory, { ids, droppedSinceStart }: QueryEvents): Lost {
  const oldest = ids?.oldest ?? cursor + 1;
  return {
    dropped: dropped === undefined || droppedSinceStart === undefined ? 0 : Math.max(0, droppedSinceStart - dropped),
    skipped: Math.max(0, oldest - cursor - 1),
  };
}
