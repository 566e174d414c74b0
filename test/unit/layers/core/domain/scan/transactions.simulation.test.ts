import { expect, test } from '@jest/globals';
import type { ProxySessionState } from '../../../../../../layers/core/src/domain/processlist.ts';
import type { SlowTransactionRecord } from '../../../../../../layers/core/src/domain/scan/scan-record.ts';
import {
  observeTransactions,
  type TransactionsState,
} from '../../../../../../layers/core/src/domain/scan/transactions.ts';
import { fc } from '../../../../../support/properties.ts';

/** Long before the proxy first started, milliseconds. */
const T0 = 1_800_000_000_000;
const THRESHOLD_MS = 5_000;
const LAG_MS = 2_000;

interface Truth {
  readonly sessionId: string;
  readonly startMs: number;
  readonly endMs: number;
}

test('each transaction that was slow is one event, and no other is', () => {
  fc.assert(
    fc.property(anyLoad(), anySampling(), ({ sessions, restarts }, samples) => {
      const truth = truthOf(sessions, restarts);
      const endMs = Math.max(...truth.map((one) => one.endMs), ...restarts, 0);
      const beats = [...samples.filter(({ atMs }) => atMs <= endMs), { atMs: endMs + 1_000, lagMs: 0 }];
      const events = Map.groupBy(play(truth, restarts, beats), ({ eventId }) => eventId);

      const told = [...events.values()].map((versions) => {
        expect(versions.map(({ version }) => version)).toEqual(versions.map((_, place) => place + 1));
        expect(versions.map(({ state }) => state)).toEqual([...versions.slice(1).map(() => 'open'), 'closed']);
        expect(new Set(versions.map(({ startedAtMs }) => startedAtMs)).size).toBe(1);
        return versions.at(-1)!;
      });
      for (const one of truth) {
        const lastedMs = one.endMs - one.startMs;
        const gapMs = longestGapIn(beats, one);
        const of = told.filter((record) => isOf(record, one));
        expect(of.length).toBeLessThanOrEqual(1);
        if (lastedMs > THRESHOLD_MS + gapMs + LAG_MS) expect(of).toHaveLength(1);
        for (const { durationMs } of of) {
          expect(lastedMs).toBeGreaterThanOrEqual(THRESHOLD_MS - gapMs / 2);
          expect(durationMs).toBeGreaterThanOrEqual(lastedMs - gapMs - LAG_MS);
          expect(durationMs).toBeLessThanOrEqual(lastedMs + gapMs / 2 + 1);
        }
      }
      for (const record of told) expect(truth.filter((one) => isOf(record, one))).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

function isOf(record: SlowTransactionRecord, { sessionId, startMs }: Truth): boolean {
  const atMs = record.startedAtMs - T0;
  return record.sessionId === sessionId && atMs >= startMs - 1 && atMs <= startMs + LAG_MS + 1;
}

/** All records, with the state carried from sample to sample as it is stored. */
function play(truth: readonly Truth[], restarts: readonly number[], beats: readonly Beat[]): SlowTransactionRecord[] {
  const records: SlowTransactionRecord[] = [];
  let state: TransactionsState = { open: [] };
  const options = { proxy: 'p', namespace: 'n', thresholdMs: THRESHOLD_MS, showLiterals: false, room: 1_000 };
  // What the proxy's threads take for now; it never goes back.
  let threadMs = 0;
  for (const { atMs, lagMs } of beats) {
    threadMs = Math.max(threadMs, atMs - lagMs);
    const startedMs = restarts.findLast((ms) => ms <= atMs) ?? -3_600_000;
    const sessions = truth
      .filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
      .map((one) => sessionOf(one.sessionId, Math.max(0, threadMs - one.startMs)));
    const list = {
      sessions,
      uptimeS: Math.floor((atMs - startedMs) / 1_000),
      proxyNowS: Math.floor((T0 + atMs) / 1_000),
      tellsTransactions: true,
      isCut: false,
    };
    const seen = observeTransactions(JSON.parse(JSON.stringify(state)), list, T0 + atMs, options);
    state = seen.state;
    records.push(...seen.records);
  }
  expect(state.open).toEqual([]);
  return records;
}

function sessionOf(sessionId: string, ageMs: number): ProxySessionState {
  return {
    sessionId,
    user: 'u',
    schema: 's',
    clientAddress: '',
    hostgroup: '1',
    command: 'Sleep',
    timeMs: 0,
    isStatementCut: false,
    transactionUs: ageMs * 1_000,
  };
}

/** Longest time without a sample from before it began until after it ended. */
function longestGapIn(beats: readonly Beat[], { startMs, endMs }: Truth): number {
  let longest = 0;
  for (const [place, { atMs }] of beats.entries()) {
    const previousMs = beats[place - 1]?.atMs ?? 0;
    if (atMs > startMs && previousMs < endMs) longest = Math.max(longest, atMs - previousMs);
  }
  return longest;
}

interface Beat {
  readonly atMs: number;
  /** How far the threads of the proxy are behind. */
  readonly lagMs: number;
}

interface Load {
  /** Of each session pauses and transactions in turn, milliseconds. */
  readonly sessions: readonly (readonly { pauseMs: number; lastsMs: number }[])[];
  readonly restarts: readonly number[];
}

/** What truly ran: a restart ends all that runs, and sessions go on with the same ids. */
function truthOf(sessions: Load['sessions'], restarts: readonly number[]): Truth[] {
  return sessions.flatMap((steps, place) => {
    let nowMs = 0;
    return steps.map(({ pauseMs, lastsMs }) => {
      const startMs = nowMs + pauseMs;
      const cutMs = restarts.find((ms) => ms > startMs) ?? Number.POSITIVE_INFINITY;
      nowMs = Math.min(startMs + lastsMs, cutMs);
      return { sessionId: `${place}`, startMs, endMs: nowMs };
    });
  });
}

function anyLoad(): fc.Arbitrary<Load> {
  const lastsMs = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 90_000 }));
  // Another transaction within the lag of the clock cannot be told from the first.
  const step = fc.record({ pauseMs: fc.integer({ min: 2_001, max: 20_000 }), lastsMs });
  const restarts = fc.uniqueArray(fc.integer({ min: 10_000, max: 300_000 }), { maxLength: 2 });
  return fc.record({
    sessions: fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
    restarts: restarts.map((all) => all.sort((a, b) => a - b)),
  });
}

/** Windows of samples two seconds apart, more or less, with seconds between them. */
function anySampling(): fc.Arbitrary<readonly Beat[]> {
  const beat = fc.record({
    stepMs: fc.integer({ min: 1_800, max: 2_400 }),
    lagMs: fc.integer({ min: 0, max: LAG_MS }),
  });
  const window = fc.record({
    beats: fc.array(beat, { minLength: 5, maxLength: 27 }),
    gapMs: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 6_000 }) }, fc.constant(120_000)),
  });
  return fc.array(window, { minLength: 8, maxLength: 20 }).map((windows) => {
    let atMs = 0;
    return windows.flatMap(({ beats, gapMs }) => {
      atMs += gapMs;
      return beats.map(({ stepMs, lagMs }) => {
        atMs += stepMs;
        return { atMs, lagMs };
      });
    });
  });
}
