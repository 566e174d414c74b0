import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs } from '../../../domain/backoff.ts';
import { isProxywatchError, messageOf, ProxywatchError } from '../../../domain/errors.ts';
import type { ScanBatch } from '../../../domain/scan/scan-record.ts';
import type { Log } from '../../../ports/log.ts';
import type { Sink } from '../../../ports/sink.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { dcdbError } from '../dcdb-error.ts';
import { GroupCommit } from './group-commit.ts';
import { Names } from './names.ts';
import { rowsOf, type WriteOutcome, writeRows } from './write-batch.ts';

/** Records of batches that share a transaction, and transactions at once. */
const GROUP_RECORDS = 2_000;
const LANES = 2;
const MAX_ATTEMPTS = 6;
const BACKOFF = { baseMs: 20, maxMs: 500 };
const CONFLICTS = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);

export interface DcdbSinkOptions {
  readonly log?: Log;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/**
 * Writes batches of the scanner to the DCDB, each whole in one transaction and by assignment, so that the same batch twice
 * changes nothing. Batches that come while others are written share a transaction. What does not fit is cut, what is
 * older than the tables keep is left out; both are logged with their counts. All failures are SINK_UNAVAILABLE, a missing
 * schema too; SINK_REFUSED is only for records of `status`, which have no table. `close` ends the connections of `db`.
 */
export function createDcdbSink(db: Dcdb, { log, random = Math.random }: DcdbSinkOptions = {}): Sink {
  const names = new Names();
  const groups = new GroupCommit<ScanBatch>({
    write: (batches, signal) => writeWithRetries(db, names, batches, { log, random, signal }),
    weightOf: ({ records }) => records.length,
    maxWeight: GROUP_RECORDS,
    lanes: LANES,
    concernsAll: (error) => isProxywatchError(dcdbError(error)),
  });
  return {
    name: 'dcdb',
    async write(batch, signal) {
      if (batch.collector === 'status') {
        throw new ProxywatchError('SINK_REFUSED', 'the dcdb has no table for records of status');
      }
      try {
        await orAborted(groups.add(batch, signal), signal);
      } catch (error) {
        throw unavailable(error, signal);
      }
    },
    close: () => db.destroy(),
  };
}

interface Writing {
  readonly log: Log | undefined;
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

async function writeWithRetries(
  db: Dcdb,
  names: Names,
  batches: readonly ScanBatch[],
  { log, random, signal }: Writing,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      const parts = batches.map((batch) => rowsOf(batch, names));
      await names.writeProxies(db, batches, signal);
      await names.write(
        db,
        parts.flatMap(({ stats }) => stats),
        signal,
      );
      const outcomes = await db.transaction().execute((tx) => writeRows(tx, parts, signal));
      for (const outcome of outcomes) report(outcome, log);
      return;
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isConflict(error)) throw error;
      await sleep(backoffDelayMs(BACKOFF, attempt, random()), undefined, { signal });
    }
  }
}

function report({ batch, tooOld, refused, cut }: WriteOutcome, log: Log | undefined): void {
  if (tooOld + refused + cut === 0) return;
  const { id, proxy, collector, records } = batch;
  const counts = { records: records.length, tooOld, refused, cut };
  log?.warn('records did not go into the DCDB as they were', { batch: id, proxy, collector, ...counts });
}

/** Rejects at once when the signal aborts; a statement that runs then ends by itself, within its time limit. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Another transaction was in the way. */
function isConflict(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && CONFLICTS.has(String(error.code));
}

/** mysql2's error is no cause, and its message is not repeated: both carry values of the statement. */
function unavailable(error: unknown, signal: AbortSignal | undefined): ProxywatchError {
  if (signal?.aborted) {
    if (isProxywatchError(signal.reason)) return signal.reason;
    return new ProxywatchError('SINK_UNAVAILABLE', 'dcdb: the write took too long or was cancelled');
  }
  const store = dcdbError(error);
  if (isProxywatchError(store)) return new ProxywatchError('SINK_UNAVAILABLE', messageOf(store));
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
  return new ProxywatchError('SINK_UNAVAILABLE', `dcdb: a statement failed: ${code}`);
}
