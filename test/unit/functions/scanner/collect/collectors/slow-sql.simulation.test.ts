import { expect, test } from '@jest/globals';
import { encodeDigestKey } from '@proxywatch/core/domain/digests/digest-key';
import type { RowChange } from '@proxywatch/core/domain/digests/row-changes';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SlowSqlRecord } from '@proxywatch/core/domain/scan/scan-record';
import { slowSqlCollector } from '../../../../../../functions/scanner/collect/collectors/slow-sql.ts';
import { fc } from '../../../../../support/properties.ts';
import { type Step, sampleOf, sessionOf, T0, WatchedRuns } from './watched-run.ts';

const THRESHOLD_MS = 1_000;
const MINUTE_MS = 60_000;

/** One execution, milliseconds after the test began. */
interface Execution {
  readonly session: number;
  readonly user: string;
  readonly digest: string;
  readonly startMs: number;
  readonly endMs: number;
}

interface Run {
  /** How long after its minute began the digests are read, milliseconds. */
  readonly readMs: number;
  readonly lagMs: number;
  /** `commit`: the store is away. `save`: it is away once the events were committed. */
  readonly fails: 'commit' | 'save' | undefined;
}

/** The first and the last runs go well. */
const GOOD: Run = { readMs: 1_000, lagMs: 0, fails: undefined };

test('what took longest of its kind is one event, and what ran alone is no second one', async () => {
  await fc.assert(
    fc.asyncProperty(anyExecutions(), anyRuns(), async (executions, runs) => {
      const records = await play(executions, runs);
      const slow = executions.filter((one) => lastedMs(one) >= THRESHOLD_MS);
      const events = [...Map.groupBy(records, ({ eventId }) => eventId).values()].map((versions) => versions.at(-1)!);

      for (const user of ['app', 'batch']) {
        const of = events.filter((record) => record.user === user);
        const ran = slow.filter((one) => one.user === user);
        // Of two at once that fit the same digest the wrong one may be taken for it.
        const pairs = ran.flatMap((one, place) => ran.slice(place + 1).filter((other) => areAtOnce(one, other)));
        expect(of.length).toBeLessThanOrEqual(ran.length + pairs.length);
      }
      for (const one of slow) {
        const rivals = executions.filter(
          (other) => isOfOneRow(one, other) && other !== one && other.endMs <= one.endMs,
        );
        if (rivals.some((other) => lastedMs(other) >= lastedMs(one))) continue;
        // Slower ones of the same row may have ended before the digests were read again.
        const isHidden = executions.some((other) => isOfOneRow(one, other) && lastedMs(other) > lastedMs(one));
        const of = events.filter(({ digest, user, durationUs }) => {
          return digest === one.digest && user === one.user && durationUs === lastedMs(one) * 1_000;
        });
        const alike = slow.filter((other) => isOfOneRow(one, other) && lastedMs(other) === lastedMs(one));
        if (!isHidden) expect(of.length).toBeGreaterThanOrEqual(1);
        // That one took at least so long may be said of a slower one.
        expect(of.filter(({ isExact }) => isExact).length).toBeLessThanOrEqual(alike.length);
      }
      for (const { durationUs, user } of events) {
        const longest = Math.max(...slow.filter((one) => one.user === user).map(lastedMs));
        expect(durationUs).toBeLessThanOrEqual(longest * 1_000);
        expect(durationUs).toBeGreaterThanOrEqual(THRESHOLD_MS * 1_000);
      }
    }),
    { numRuns: 200 },
  );
});

const lastedMs = ({ startMs, endMs }: Execution) => endMs - startMs;
const areAtOnce = (a: Execution, b: Execution) => a.startMs < b.endMs && b.startMs < a.endMs;
const isOfOneRow = (a: Execution, b: Execution) => a.user === b.user && a.digest === b.digest;

/** One run a minute: a read of the digests, and samples until shortly before the next. */
async function play(executions: readonly Execution[], plans: readonly Run[]): Promise<readonly SlowSqlRecord[]> {
  const runs = new WatchedRuns<SlowSqlRecord>(slowSqlCollector, {}, { fetchDigestTexts: async () => new Map() });
  let savedMs: number | undefined;
  let threadMs = 0;
  const minutes = Math.ceil(Math.max(0, ...executions.map(({ endMs }) => endMs)) / MINUTE_MS) + 3;
  for (let minute = 0; minute < minutes; minute++) {
    const { readMs, lagMs, fails } = (minute < minutes - 2 ? plans[minute] : undefined) ?? GOOD;
    const beginsMs = minute * MINUTE_MS;
    const toMs = beginsMs + readMs;
    const steps: (Step & { readonly ms: number })[] = [{ ...roundOf(executions, savedMs, toMs), ms: toMs }];
    for (let ms = beginsMs + 500; ms < beginsMs + 57_000; ms += 2_000) {
      threadMs = Math.max(threadMs, ms - lagMs);
      steps.push({ ...sampleOf(ms / 1_000, sessionsAt(executions, ms, threadMs)), ms });
    }
    runs.beforeCommit = () => {
      if (fails === 'commit') throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
    };
    const hasRun = await runs.run(...steps.toSorted((a, b) => a.ms - b.ms)).then(
      () => true,
      () => false,
    );
    if (hasRun && fails !== 'save') savedMs = toMs;
  }
  return runs.records;
}

function sessionsAt(executions: readonly Execution[], ms: number, threadMs: number) {
  return executions
    .filter(({ startMs, endMs }) => startMs <= ms && ms < endMs)
    .map(({ session, user, digest, startMs }) =>
      sessionOf({
        sessionId: `${session}`,
        user,
        command: 'Query',
        timeMs: Math.max(0, threadMs - startMs),
        statement: `SELECT ${digest} FROM t WHERE a = ${startMs}`,
      }),
    );
}

/** The rows that changed since the last read that was saved. */
function roundOf(executions: readonly Execution[], savedMs: number | undefined, toMs: number): Step {
  const ended = executions.filter(({ endMs }) => endMs <= toMs);
  const changes = [...Map.groupBy(ended, ({ user, digest }) => `${user} ${digest}`).values()].flatMap(
    (of): RowChange[] => {
      const added = of.filter(({ endMs }) => savedMs === undefined || endMs > savedMs);
      const { user, digest } = of[0]!;
      const countersOf = (some: readonly Execution[]) => ({
        executions: some.length,
        timeUs: some.reduce((sum, one) => sum + lastedMs(one) * 1_000, 0),
        rowsAffected: 0,
        rowsSent: 0,
      });
      if (added.length === 0) return [];
      const row = {
        key: encodeDigestKey({ hostgroup: '10', schema: 'shop', user, clientAddress: '', digest }),
        counters: countersOf(of),
        firstSeenS: 0,
        maxTimeUs: Math.max(...of.map(lastedMs)) * 1_000,
        text: `SELECT ${digest} FROM t WHERE a=?`,
      };
      const kind = added.length === of.length ? 'newborn' : 'increase';
      return [{ row, by: countersOf(added), bornS: 3_600 + of[0]!.endMs / 1_000, kind }];
    },
  );
  const times = { fromMs: savedMs === undefined ? undefined : T0 + savedMs, toMs: T0 + toMs };
  const verdict = savedMs === undefined ? 'begun' : 'continued';
  const clocks = { uptimeS: Math.floor(3_600 + toMs / 1_000), proxyNowS: Math.floor((T0 + toMs) / 1_000) };
  return { round: { ...times, ...clocks, changes, verdict, reason: undefined } };
}

/** Sessions that each run one statement after another; nothing runs before the digests were read for the first time. */
function anyExecutions(): fc.Arbitrary<readonly Execution[]> {
  const durationMs = fc.oneof(
    fc.integer({ min: 1, max: 900 }),
    fc.integer({ min: 1_001, max: 8_000 }),
    fc.integer({ min: 1_001, max: 100_000 }),
  );
  const step = fc.record({
    pauseMs: fc.integer({ min: 2_100, max: 30_000 }),
    durationMs,
    digest: fc.constantFrom('d1', 'd2'),
  });
  const session = fc.record({
    user: fc.constantFrom('app', 'batch'),
    steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  });
  return fc.array(session, { minLength: 1, maxLength: 4 }).map((sessions) =>
    sessions
      .flatMap(({ user, steps }, place) => {
        let nowMs = 3 * MINUTE_MS;
        return steps.map(({ pauseMs, durationMs: ms, digest }) => {
          const startMs = nowMs + pauseMs;
          nowMs = startMs + ms;
          return { session: place, user, digest, startMs, endMs: nowMs };
        });
      })
      .sort((a, b) => a.endMs - b.endMs),
  );
}

function anyRuns(): fc.Arbitrary<readonly Run[]> {
  const fails = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    fc.constantFrom('commit' as const, 'save' as const),
  );
  const run = fc.record({
    readMs: fc.integer({ min: 200, max: 5_000 }),
    lagMs: fc.integer({ min: 0, max: 2_000 }),
    fails,
  });
  return fc.array(run, { maxLength: 12 }).map((all) => [GOOD, GOOD, GOOD, ...all]);
}
