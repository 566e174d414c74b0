import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Processlist, ProxySessionState } from '../../../../../../layers/core/src/domain/processlist.ts';
import {
  MAX_SIGHTINGS,
  observeSightings,
  type SightingsSeen,
  toldOf,
} from '../../../../../../layers/core/src/domain/scan/sightings.ts';

const T0 = 1_800_000_000_000;
const OPTIONS = { proxy: 'p1', thresholdMs: 1_000, showLiterals: false, waitMs: 300_000 };

let seen: SightingsSeen;
beforeEach(() => {
  seen = { state: { sightings: [] }, lasting: [], overdue: [], leftOut: 0 };
});

function sample(s: number, sessions: readonly ProxySessionState[], told: Partial<Processlist> = {}, options = OPTIONS) {
  const clocks = { uptimeS: Math.floor(3_600 + s), proxyNowS: Math.floor(T0 / 1_000 + s) };
  const list = { ...clocks, tellsTransactions: false, isCut: false, sessions, ...told };
  seen = observeSightings(JSON.parse(JSON.stringify(seen.state)), list, T0 + s * 1_000, options);
  return seen.state.sightings;
}

function running(seconds: number, other: Partial<ProxySessionState> = {}): ProxySessionState {
  return {
    sessionId: '7',
    user: 'app',
    schema: 'shop',
    clientAddress: '10.0.0.9',
    hostgroup: '20',
    server: 'db1:3306',
    command: 'Query',
    timeMs: seconds * 1_000,
    statement: 'SELECT SLEEP(12)',
    isStatementCut: false,
    ...other,
  };
}

const asleep = (seconds: number): ProxySessionState => {
  const { statement: _, ...session } = running(seconds, { command: 'Sleep' });
  return session;
};

describe('a statement that runs for long', () => {
  test('is remembered with who runs what, where, and since when', () => {
    expect(sample(0, [running(1.5)])).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        sessionId: '7',
        user: 'app',
        schema: 'shop',
        hostgroup: '20',
        server: 'db1:3306',
        clientAddress: '10.0.0.9',
        text: 'SELECT SLEEP(?)',
        isCut: false,
        startMs: T0 - 1_500,
        seenMs: 1_500,
        lastSeenMs: T0,
      },
    ]);
  });

  test('is the same one from sample to sample, also while its thread is behind', () => {
    const [first] = sample(0, [running(1.5)]);
    const [second, ...others] = sample(4, [running(4.2)]);
    expect(others).toEqual([]);
    expect(second).toMatchObject({ id: first!.id, startMs: T0 - 1_500, seenMs: 4_200, lastSeenMs: T0 + 4_000 });
    expect(sample(6, [running(7.9)])).toMatchObject([{ id: first!.id, startMs: T0 - 1_900 }]);
  });

  test('has ended when it is not shown any more, at the latest when its session fell asleep', () => {
    sample(0, [running(1.5)]);
    expect(sample(2, [asleep(0.4)])).toMatchObject([{ goneMs: T0 + 1_600 }]);
  });

  test.each([
    ['another text', running(3.4, { statement: 'SELECT 2 FROM t' })],
    ['a later start', running(1.2)],
  ])('is followed by another one with %s', (_what, next) => {
    sample(0, [running(1.5)]);
    const [one, two] = sample(2, [next]).toSorted((a, b) => a.startMs - b.startMs);
    expect([one!.goneMs, two!.goneMs]).toEqual([expect.any(Number), undefined]);
  });

  test('is told while it goes on when it lasts, once', () => {
    sample(0, [running(29)]);
    expect(seen.lasting).toEqual([]);
    sample(2, [running(31)]);
    expect(seen.lasting).toHaveLength(1);
    seen = { ...seen, state: { ...seen.state, sightings: seen.lasting.map(toldOf) } };
    sample(4, [running(33.5)]);
    expect(seen.lasting).toEqual([]);
    expect(seen.state.sightings).toMatchObject([{ startMs: T0 - 29_500, toldStartMs: T0 - 29_000 }]);
  });

  test('waits for a while for a digest that explains it, and no longer', () => {
    sample(0, [running(1.5)]);
    sample(2, []);
    expect(sample(200, [])).toHaveLength(1);
    expect(sample(303, [])).toEqual([]);
    expect(seen.overdue).toMatchObject([{ seenMs: 1_500 }]);
  });

  test('has ended with the proxy that ran it', () => {
    sample(0, [running(1.5)]);
    expect(sample(30, [running(1.5)], { uptimeS: 20 })).toMatchObject([
      { goneMs: T0 + 10_000 },
      { startMs: T0 + 28_500 },
    ]);
  });

  test('may be running where not all sessions are shown', () => {
    sample(0, [running(1.5)]);
    expect(sample(2, [running(9, { sessionId: '8' })], { isCut: true })).toHaveLength(2);
    expect(seen.state.sightings.every(({ goneMs }) => goneMs === undefined)).toBe(true);
  });

  test('is one of so many at most, of which the longest are remembered', () => {
    const sessions = Array.from({ length: 10_000 }, (_, i) => running(2 + i / 1_000, { sessionId: `${i}` }));
    expect(sample(0, sessions)).toHaveLength(MAX_SIGHTINGS);
    expect(seen.leftOut).toBe(10_000 - MAX_SIGHTINGS);
    expect(Math.min(...seen.state.sightings.map(({ seenMs }) => seenMs))).toBe(11_500);
  });
});

test('what runs for a moment is not remembered', () => {
  expect(sample(0, [running(0.9), asleep(50)])).toEqual([]);
});

test('literals are kept where that is allowed', () => {
  const options = { ...OPTIONS, showLiterals: true };
  expect(sample(0, [running(1.5)], {}, options)).toMatchObject([{ text: 'SELECT SLEEP(12)' }]);
});
