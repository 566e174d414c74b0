import { beforeEach, describe, expect, test } from '@jest/globals';
import { encodeDigestKey } from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import type { RowChange } from '../../../../../../layers/core/src/domain/digests/row-changes.ts';
import {
  type DigestMemory,
  type DigestNews,
  MAX_REMEMBERED,
  NO_DIGESTS,
  rememberDigests,
  slowDigestsOf,
} from '../../../../../../layers/core/src/domain/scan/slow-digests.ts';

const THRESHOLD_US = 1_000_000;
const MINUTE_MS = 60_000;

let memory: DigestMemory;
let minute: number;
beforeEach(() => {
  memory = NO_DIGESTS;
  minute = 0;
});

interface Row {
  readonly digest?: string;
  readonly maxMs: number;
  readonly executions: number;
  readonly timeMs: number;
  readonly bornS?: number;
}

/** A row as it is now, and what of it was added in this interval. */
function changeOf(kind: RowChange['kind'], row: Row, added: { executions: number; timeMs: number }): RowChange {
  const { digest = '0x1', maxMs, executions, timeMs, bornS = 10 } = row;
  const identity = { hostgroup: '10', schema: 'shop', user: 'app', clientAddress: '', digest };
  const counters = { executions, timeUs: timeMs * 1_000, rowsAffected: 0, rowsSent: 0 };
  return {
    kind,
    bornS,
    row: { key: encodeDigestKey(identity), counters, firstSeenS: 0, maxTimeUs: maxMs * 1_000, minTimeUs: 1 },
    by: { executions: added.executions, timeUs: added.timeMs * 1_000, rowsAffected: 0, rowsSent: 0 },
  };
}

const newborn = (row: Row) => changeOf('newborn', row, row);

/** The next round, a minute after the one before unless told otherwise. */
function round(changes: readonly RowChange[], told: Partial<DigestNews> = {}) {
  minute++;
  const times = { fromMs: (minute - 1) * MINUTE_MS, toMs: minute * MINUTE_MS, uptimeS: 3_600 + minute * 60 };
  return look({ changes, verdict: 'continued', ...times, ...told });
}

function look(news: DigestNews) {
  const { slow } = slowDigestsOf(news, memory, { proxy: 'p1', thresholdUs: THRESHOLD_US, limit: 10_000 });
  memory = rememberDigests(news, memory, THRESHOLD_US);
  return slow.map(({ identity, durationUs, isExact }) => [identity.digest, durationUs / 1_000, isExact]);
}

const begin = (...rows: readonly Row[]) => round(rows.map(newborn), { verdict: 'begun', fromMs: undefined });
const QUICK = { digest: '0x9', maxMs: 5, executions: 1, timeMs: 5 };

describe('a slow digest', () => {
  test('is none at the first sight of a proxy', () => {
    expect(begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 })).toEqual([]);
  });

  test('is one whose longest time rose above the threshold', () => {
    begin(QUICK);
    const row = { maxMs: 1_500, executions: 10, timeMs: 1_600 };
    expect(round([changeOf('increase', row, { executions: 5, timeMs: 1_550 })])).toEqual([['0x1', 1_500, true]]);
  });

  test('is one that was born slow', () => {
    begin(QUICK);
    expect(round([newborn({ maxMs: 1_500, executions: 1, timeMs: 1_500 })])).toEqual([['0x1', 1_500, true]]);
  });

  test('is none when its longest time is the one that is known', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const row = { maxMs: 9_000, executions: 100, timeMs: 9_900 };
    expect(round([changeOf('increase', row, { executions: 97, timeMs: 400 })])).toEqual([]);
  });

  test('is one again when it took longer than ever', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const row = { maxMs: 9_001, executions: 4, timeMs: 18_501 };
    expect(round([changeOf('increase', row, { executions: 1, timeMs: 9_001 })])).toEqual([['0x1', 9_001, true]]);
  });

  test('is told by the only execution that was added, though others took longer', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const row = { maxMs: 9_000, executions: 4, timeMs: 11_000 };
    expect(round([changeOf('increase', row, { executions: 1, timeMs: 1_500 })])).toEqual([['0x1', 1_500, true]]);
  });

  test('is told by the mean of several, as what one took at least', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const row = { maxMs: 9_000, executions: 6, timeMs: 14_000 };
    expect(round([changeOf('increase', row, { executions: 3, timeMs: 4_500 })])).toEqual([['0x1', 1_500, false]]);
  });
});

describe('a round that is seen again, since its history could not be saved', () => {
  test('tells nothing twice', () => {
    begin(QUICK);
    const news = {
      changes: [
        newborn({ maxMs: 1_500, executions: 1, timeMs: 1_500 }),
        changeOf(
          'increase',
          { digest: '0x2', maxMs: 2_000, executions: 9, timeMs: 9_000 },
          { executions: 4, timeMs: 4_000 },
        ),
      ],
      verdict: 'continued' as const,
      fromMs: MINUTE_MS,
      toMs: 2 * MINUTE_MS,
      uptimeS: 3_720,
    };
    expect(look(news)).toHaveLength(2);
    expect(look({ ...news, toMs: 3 * MINUTE_MS, uptimeS: 3_780 })).toEqual([]);
  });

  test('tells what came later', () => {
    begin(QUICK);
    const news = { verdict: 'continued' as const, fromMs: MINUTE_MS, toMs: 2 * MINUTE_MS, uptimeS: 3_720 };
    look({ ...news, changes: [newborn({ maxMs: 3_000, executions: 1, timeMs: 3_000 })] });
    const again = { ...news, changes: [newborn({ maxMs: 3_000, executions: 2, timeMs: 5_000 })] };
    expect(look(again)).toEqual([['0x1', 2_000, true]]);
  });

  test('after a restart tells nothing twice', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const news = {
      verdict: 'reset' as const,
      changes: [newborn({ maxMs: 1_200, executions: 1, timeMs: 1_200, bornS: 5 })],
    };
    expect(look({ ...news, fromMs: MINUTE_MS, toMs: 2 * MINUTE_MS, uptimeS: 30 })).toEqual([['0x1', 1_200, true]]);
    expect(look({ ...news, fromMs: MINUTE_MS, toMs: 3 * MINUTE_MS, uptimeS: 90 })).toEqual([]);
  });
});

describe('where memory does not reach', () => {
  test('a new life of a row is compared with nothing of the old one', () => {
    begin({ maxMs: 9_000, executions: 3, timeMs: 9_500 });
    const row = { maxMs: 1_200, executions: 1, timeMs: 1_200, bornS: 3_000 };
    expect(round([changeOf('restarted', row, row)])).toEqual([['0x1', 1_200, true]]);
  });

  test('a forgotten row tells nothing', () => {
    begin(QUICK);
    const row = { maxMs: 9_000, executions: 3, timeMs: 9_500 };
    expect(round([changeOf('rebased', row, { executions: 0, timeMs: 0 })])).toEqual([]);
  });

  test('only the time that was added can tell that a row was slow just now', () => {
    const row = { maxMs: 9_000, executions: 100, timeMs: 20_000 };
    expect(round([changeOf('increase', row, { executions: 50, timeMs: 100 })])).toEqual([]);
    const other = { digest: '0x2', maxMs: 9_000, executions: 100, timeMs: 20_000 };
    expect(round([changeOf('increase', other, { executions: 50, timeMs: 9_100 })])).toEqual([['0x2', 9_000, true]]);
  });

  test('rounds that were missed count as unknown', () => {
    begin(QUICK);
    minute += 5;
    const row = { maxMs: 9_000, executions: 100, timeMs: 20_000 };
    expect(round([changeOf('increase', row, { executions: 50, timeMs: 100 })])).toEqual([]);
  });

  test('a threshold that is lowered makes no old times new', () => {
    begin(QUICK);
    const row = { maxMs: 500, executions: 100, timeMs: 2_000 };
    const news = { verdict: 'continued' as const, fromMs: MINUTE_MS, toMs: 2 * MINUTE_MS, uptimeS: 3_720 };
    const changes = [changeOf('increase', row, { executions: 50, timeMs: 100 })];
    const options = { proxy: 'p1', thresholdUs: 400_000, limit: 10 };
    expect(slowDigestsOf({ ...news, changes }, memory, options).slow).toEqual([]);
  });

  test('the slowest rows are remembered, and of the others it is known that they may have been slow', () => {
    const rows = Array.from({ length: MAX_REMEMBERED + 10 }, (_, i) => {
      return { digest: `0x${i}`, maxMs: 2_000 + i, executions: 1, timeMs: 2_000 + i };
    });
    begin(...rows);
    expect(memory.rows.size).toBe(MAX_REMEMBERED);
    const grown = (row: Row) =>
      changeOf('increase', { ...row, executions: 2, timeMs: row.timeMs + 1 }, { executions: 1, timeMs: 1 });
    expect(round(rows.map(grown))).toEqual([]);
  });

  test('rows without extremes tell nothing', () => {
    begin(QUICK);
    const { row, ...others } = newborn({ maxMs: 1_500, executions: 1, timeMs: 1_500 });
    const { maxTimeUs: _, ...bare } = row;
    expect(round([{ ...others, row: bare }])).toEqual([]);
  });
});
