import { untilAborted } from '../../until-aborted.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';

/** How far back a tick is looked for: who dispatched none since is not running. */
const LOOKED_BACK_MS = 86_400_000;

export interface LastScanRun {
  /** RFC 3339. */
  readonly tickAt: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: string;
  readonly proxies: number;
  readonly due: number;
  readonly paused: number;
  readonly backingOff: number;
  readonly invocations: number;
  readonly retries: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly problem: string | undefined;
}

/** What became of the last tick; undefined when there was none in the last day. Rejects with STORE_UNAVAILABLE. */
export function fetchLastScanRun(db: Dcdb, signal?: AbortSignal, nowMs = Date.now()): Promise<LastScanRun | undefined> {
  const fetched = accessDcdb(async () => {
    const row = await db
      .selectFrom('scan_runs')
      .selectAll()
      .where('tick_at', '>', new Date(nowMs - LOOKED_BACK_MS))
      .orderBy('tick_at', 'desc')
      .orderBy('started_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return {
      tickAt: row.tick_at.toISOString(),
      startedAt: row.started_at.toISOString(),
      durationMs: Number(row.duration_ms),
      outcome: row.outcome,
      proxies: row.proxies,
      due: row.due,
      paused: row.paused,
      backingOff: row.backing_off,
      invocations: row.invocations,
      retries: row.retries,
      deadLetters: row.dead_letters,
      lost: row.lost,
      problem: row.problem ?? undefined,
    };
  });
  return untilAborted(fetched, signal);
}
