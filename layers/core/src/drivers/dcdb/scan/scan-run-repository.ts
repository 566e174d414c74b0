import type { ScanRun } from '../../../domain/scan/scan-run.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { Fit, orNull } from './fit.ts';

/**
 * Keeps what a dispatch did; the same one a second time changes nothing. Rejects with STORE_UNAVAILABLE, or the signal's
 * reason.
 */
export function recordScanRun(db: Dcdb, run: ScanRun, signal?: AbortSignal): Promise<void> {
  const fit = new Fit();
  const key = { tick_at: new Date(fit.timeMs(run.tickMs)), started_at: new Date(fit.timeMs(run.startedAtMs)) };
  const values = {
    duration_ms: fit.count(run.durationMs),
    outcome: run.outcome,
    proxies: fit.int(run.proxies),
    due: fit.int(run.due),
    paused: fit.int(run.paused),
    backing_off: fit.int(run.backingOff),
    damaged: fit.int(run.damaged),
    invocations: fit.int(run.invocations),
    retries: fit.int(run.retries),
    dead_letters: fit.int(run.deadLetters),
    lost: fit.int(run.lost),
    problem: orNull(run.problem, (problem) => fit.text(problem)),
  };
  const written = accessDcdb(async () => {
    await db
      .insertInto('scan_runs')
      .values({ ...key, ...values })
      .onDuplicateKeyUpdate(values)
      .execute();
  });
  // Not kysely's signal: what fails after it has aborted, kysely prints by itself, in the middle of the log.
  return untilAborted(written, signal);
}
