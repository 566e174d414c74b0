import { describe, expect, test } from '@jest/globals';
import { encodeDigestKey, seriesKeyOf } from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import type { DigestRead, DigestRow } from '../../../../../../layers/core/src/domain/digests/digest-read.ts';
import { type Correction, ProxyHistory } from '../../../../../../layers/core/src/domain/digests/proxy-history.ts';

const AT_ONCE = { tookS: 0.01, wallS: 0, elapsed: { minS: 5, maxS: 5.1 } };
const upTo = (topN: number) => ({ topN, atS: 0, mayLeave: true });
const WALL_S = 1_700_000_000;

interface RowSpec {
  readonly digest: number;
  readonly executions: number;
  readonly timeUs?: number;
  readonly bornS?: number;
  readonly client?: string;
}

function keyOf({ digest, client = '' }: Pick<RowSpec, 'digest' | 'client'>): string {
  return encodeDigestKey({
    hostgroup: '10',
    schema: 'shop',
    user: 'app',
    clientAddress: client,
    digest: `0x${digest}`,
  });
}

function readOf(uptimeS: number, kind: DigestRead['kind'], table: readonly RowSpec[], changed = table): DigestRead {
  const rowOf = (spec: RowSpec): DigestRow => ({
    key: keyOf(spec),
    counters: {
      executions: spec.executions,
      timeUs: spec.timeUs ?? spec.executions * 100,
      rowsAffected: 0,
      rowsSent: 1,
    },
    firstSeenS: WALL_S - uptimeS + (spec.bornS ?? 1),
    text: `SELECT ${spec.digest}`,
  });
  const rows = table.map(rowOf);
  const sum = (pick: (row: DigestRow) => number) => rows.reduce((total, row) => total + pick(row), 0);
  return {
    kind,
    proxyNowS: WALL_S,
    uptimeS,
    tableRows: rows.length,
    tableSums: {
      executions: sum((row) => row.counters.executions),
      timeUs: sum((row) => row.counters.timeUs),
      rowsAffected: 0,
      rowsSent: sum((row) => row.counters.rowsSent),
    },
    oldestFirstSeenS: rows.length ? Math.min(...rows.map((row) => row.firstSeenS)) : undefined,
    rows: changed.map(rowOf),
  };
}

/** A history that has read a table once, at uptime 100. */
function historyAfter(table: readonly RowSpec[], topN = 10): ProxyHistory {
  const history = new ProxyHistory();
  history.correct(readOf(100, 'full', table), { tookS: 0.01, wallS: 0, elapsed: undefined }, upTo(topN));
  return history;
}

const executionsOf = (history: ProxyHistory, digest: number) =>
  history.series.totalOf(seriesKeyOf(keyOf({ digest }))).executions;
const outcomeOf = (correction: Correction) =>
  correction.kind === 'corrected'
    ? (correction.reason ?? correction.verdict)
    : 'reason' in correction
      ? correction.reason
      : correction.scope;

describe('the first read of a proxy never seen', () => {
  test('asks for the whole table', () => {
    const correction = new ProxyHistory().correct(readOf(100, 'changed', []), AT_ONCE, upTo(10));
    expect(correction).toEqual({ kind: 'full-read-needed', reason: 'no-history' });
  });

  test("takes the proxy's own counters as the truth so far", () => {
    const history = historyAfter([
      { digest: 1, executions: 70 },
      { digest: 2, executions: 30 },
    ]);
    expect(history.totals.executions).toBe(100);
    expect(executionsOf(history, 1)).toBe(70);
  });

  test('names the heaviest digests and leaves the others in the remainder', () => {
    const history = historyAfter(
      [
        { digest: 1, executions: 5 },
        { digest: 2, executions: 30 },
        { digest: 3, executions: 9 },
      ],
      1,
    );
    expect(executionsOf(history, 2)).toBe(30);
    expect(history.other.executions).toBe(14);
  });
});

describe('a later read', () => {
  test('adds what changed, and keeps rows that it did not bring', () => {
    const history = historyAfter([
      { digest: 1, executions: 70 },
      { digest: 2, executions: 30 },
    ]);
    const table = [
      { digest: 1, executions: 75 },
      { digest: 2, executions: 30 },
    ];
    const correction = history.correct(readOf(105, 'changed', table, table.slice(0, 1)), AT_ONCE, upTo(10));
    expect(correction).toMatchObject({ kind: 'corrected', verdict: 'continued' });
    expect([executionsOf(history, 1), executionsOf(history, 2), history.totals.executions]).toEqual([75, 30, 105]);
  });

  test('adds rows that differ only in the client address to one series', () => {
    const history = historyAfter([
      { digest: 1, executions: 7, client: '10.0.0.1' },
      { digest: 1, executions: 2, client: '10.0.0.2' },
    ]);
    expect(executionsOf(history, 1)).toBe(9);
    expect(history.series.size).toBe(1);
  });

  test('counts a newborn digest in full and hands its text on', () => {
    const history = historyAfter([{ digest: 1, executions: 70 }]);
    const correction = history.correct(
      readOf(105, 'changed', [
        { digest: 1, executions: 70 },
        { digest: 2, executions: 4, bornS: 103 },
      ]),
      AT_ONCE,
      upTo(10),
    );
    expect(executionsOf(history, 2)).toBe(4);
    expect(correction).toMatchObject({ namedSeries: new Map([[seriesKeyOf(keyOf({ digest: 2 })), 'SELECT 2']]) });
  });

  test('gives an older digest that enters late no part of this read: that goes to the remainder', () => {
    const history = historyAfter(
      [
        { digest: 1, executions: 70 },
        { digest: 2, executions: 30 },
      ],
      1,
    );
    history.correct(
      readOf(105, 'changed', [
        { digest: 1, executions: 70 },
        { digest: 2, executions: 36 },
      ]),
      AT_ONCE,
      upTo(2),
    );
    expect([executionsOf(history, 2), history.other.executions]).toEqual([0, 36]);
    history.correct(
      readOf(110, 'changed', [
        { digest: 1, executions: 70 },
        { digest: 2, executions: 40 },
      ]),
      AT_ONCE,
      upTo(2),
    );
    expect([executionsOf(history, 2), history.other.executions]).toEqual([4, 36]);
  });

  test('goes on counting when 32 bits of executions begin again', () => {
    const history = historyAfter([{ digest: 1, executions: 2 ** 32 - 5, timeUs: 1000 }]);
    const correction = history.correct(
      readOf(105, 'changed', [{ digest: 1, executions: 7, timeUs: 1012 }]),
      AT_ONCE,
      upTo(10),
    );
    expect(outcomeOf(correction)).toBe('continued');
    expect(history.totals.executions).toBe(2 ** 32 + 7);
  });
});

describe('a table that began again', () => {
  const before = [
    { digest: 1, executions: 70 },
    { digest: 2, executions: 30 },
  ];

  test.each([
    ['the uptime fell', readOf(3, 'changed', []), 'restart'],
    ['rows vanished', readOf(105, 'changed', [{ digest: 1, executions: 80, bornS: 1 }]), 'rows-vanished'],
    [
      'a known row fell',
      readOf(105, 'changed', [
        { digest: 1, executions: 69 },
        { digest: 2, executions: 30 },
      ]),
      'row-restarted',
    ],
    [
      'a known row was born anew',
      readOf(105, 'changed', [
        { digest: 1, executions: 90, bornS: 103 },
        { digest: 2, executions: 30 },
      ]),
      'row-restarted',
    ],
    [
      'the oldest row is younger',
      readOf(
        105,
        'changed',
        before.map((row) => ({ ...row, bornS: 104 })),
        [],
      ),
      'oldest-row-younger',
    ],
    [
      'the sums moved without a row',
      readOf(
        105,
        'changed',
        [
          { digest: 1, executions: 75 },
          { digest: 2, executions: 30 },
        ],
        [],
      ),
      'sums-disagree',
    ],
  ])('is suspected when %s', (_, read, reason) => {
    const history = historyAfter(before);
    expect(history.correct(read, AT_ONCE, upTo(10))).toEqual({ kind: 'full-read-needed', reason });
    expect(history.totals.executions).toBe(100);
  });

  test('counts every row in full once the whole table is read', () => {
    const history = historyAfter(before);
    const correction = history.correct(
      readOf(105, 'full', [{ digest: 1, executions: 8, bornS: 104 }]),
      AT_ONCE,
      upTo(10),
    );
    expect(outcomeOf(correction)).toBe('table-reset');
    expect([history.totals.executions, executionsOf(history, 1), executionsOf(history, 2)]).toEqual([108, 78, 30]);
    expect(history.changesToStore().replacesRows).toBe(true);
    expect(history.baseline?.epoch).toBe(2);
  });

  test('is a restart even when the full read comes after the new uptime has passed the old', () => {
    const history = historyAfter(before);
    history.correct(readOf(3, 'changed', []), AT_ONCE, upTo(10));
    const sameRows = before.map((row) => ({ ...row, bornS: 1 }));
    expect(
      outcomeOf(
        history.correct(
          readOf(101, 'full', sameRows),
          { tookS: 90, wallS: 0, elapsed: { minS: 100, maxS: 110 } },
          upTo(10),
        ),
      ),
    ).toBe('restart');
    expect(history.totals.executions).toBe(200);
  });

  test('is no reset when a wall clock stepped', () => {
    const history = historyAfter(before);
    const read = readOf(105, 'changed', before);
    const stepped = {
      ...read,
      proxyNowS: read.proxyNowS + 5000,
      rows: read.rows.map((row) => ({ ...row, firstSeenS: row.firstSeenS + 5000 })),
      oldestFirstSeenS: (read.oldestFirstSeenS ?? 0) + 5000,
    };
    expect(outcomeOf(history.correct(stepped, AT_ONCE, upTo(10)))).toBe('continued');
  });

  test('is no reset when single rows were purged while others live on', () => {
    const history = historyAfter(before);
    expect(outcomeOf(history.correct(readOf(105, 'full', [{ digest: 1, executions: 75 }]), AT_ONCE, upTo(10)))).toBe(
      'purged',
    );
    expect(history.totals.executions).toBe(105);
    expect([...history.changesToStore().purgedRows]).toEqual([keyOf({ digest: 2 })]);
  });
});

describe('a table that is too large to be read whole', () => {
  const tableOf = (executions: number, bornS = 1) => [
    { digest: 1, executions, bornS },
    { digest: 2, executions: 7, bornS },
  ];
  const withoutRows = (uptimeS: number, executions: number, bornS?: number) =>
    readOf(uptimeS, 'full', tableOf(executions, bornS), []);
  const begun = () => {
    const history = new ProxyHistory();
    history.correct(withoutRows(100, 5), { tookS: 0.01, wallS: 0, elapsed: undefined }, upTo(10));
    return history;
  };

  test('counts by its sums, and its digests are named once they execute', () => {
    const history = begun();
    expect([history.totals.executions, history.other.executions]).toEqual([12, 12]);
    history.correct(readOf(105, 'changed', tableOf(6), tableOf(6).slice(0, 1)), AT_ONCE, upTo(10));
    expect([history.totals.executions, executionsOf(history, 1), history.series.named.size]).toEqual([13, 0, 1]);
    history.correct(readOf(110, 'changed', tableOf(9), tableOf(9).slice(0, 1)), AT_ONCE, upTo(10));
    expect([history.totals.executions, executionsOf(history, 1), history.rows.size]).toEqual([16, 3, 1]);
  });

  test('forgets its rows when it is read again, and loses nothing of what ran', () => {
    const history = begun();
    history.correct(readOf(105, 'changed', tableOf(6), tableOf(6).slice(0, 1)), AT_ONCE, upTo(10));
    expect(outcomeOf(history.correct(withoutRows(110, 8), AT_ONCE, upTo(10)))).toBe('continued');
    expect([history.totals.executions, history.rows.size]).toEqual([15, 0]);
  });

  test('began again when its oldest row is younger than the last read, or the proxy is', () => {
    const history = begun();
    expect(outcomeOf(history.correct(withoutRows(110, 3, 105), AT_ONCE, upTo(10)))).toBe('table-reset');
    expect(outcomeOf(history.correct(withoutRows(4, 3, 1), AT_ONCE, upTo(10)))).toBe('restart');
    expect(history.totals.executions).toBe(12 + 10 + 10);
  });
});

describe('series that are not shown any more', () => {
  const tableOf = (executions: number) => [
    { digest: 1, executions, timeUs: 900 },
    { digest: 2, executions: 7, timeUs: 100 },
  ];
  const at = (wallS: number) => ({ ...AT_ONCE, wallS });
  /** Digests 1 and 2 were shown; one of them left at second 500 of the wall clock. */
  const left = () => {
    const history = historyAfter(tableOf(5), 2);
    history.correct(readOf(105, 'changed', tableOf(5), []), at(500), upTo(1));
    const [shown] = [...history.series.named];
    const [kept] = [...history.series.keys()].filter((key) => key !== shown);
    history.markStored();
    return { history, kept: kept ?? '', keptTotal: history.series.totalOf(kept ?? '') };
  };

  test('are remembered until they are gone for long, then they are retired with what they had', () => {
    const { history, kept, keptTotal } = left();
    expect([history.retireSeries(500), history.series.size]).toEqual([0, 2]);
    expect([history.retireSeries(501), history.series.size, history.series.has(kept)]).toEqual([1, 1, false]);
    expect(history.retired).toEqual(keptTotal);
    expect(history.changesToStore()).toMatchObject({ series: [], retiredSeries: [kept] });
    expect(history.retireSeries(Number.MAX_SAFE_INTEGER)).toBe(0);
  });

  test('begin at zero when they come back after that', () => {
    const { history, kept } = left();
    history.retireSeries(501);
    const table = [...tableOf(8).slice(0, 1), { digest: 2, executions: 9, timeUs: 130 }];
    history.correct(readOf(110, 'changed', table), at(600), upTo(2));
    expect([history.series.isNamed(kept), history.series.totalOf(kept).executions]).toEqual([true, 0]);
    expect(history.changesToStore().retiredSeries).toEqual([]);
    expect(history.totals.executions).toBe(17);
  });

  test('are due in the store until it has deleted them, also when they are retired while it is being written', () => {
    const { history, kept } = left();
    const written = { rows: [], series: [kept], retiredSeries: [] };
    history.noteSeriesChanged(kept);
    history.retireSeries(501);
    history.markStored(2, written);
    expect(history.changesToStore().retiredSeries).toEqual([kept]);
    history.markStored(2, { ...written, series: [], retiredSeries: [kept] });
    expect(history.changesToStore().retiredSeries).toEqual([]);
  });

  test('give their memory back', () => {
    const table = Array.from({ length: 1_000 }, (_, digest) => ({ digest, executions: 1 }));
    const history = historyAfter(table, 1_000);
    history.correct(readOf(105, 'changed', table, []), at(500), upTo(1));
    const before = history.series.byteLength;
    expect(history.retireSeries(501)).toBe(999);
    expect(history.series.byteLength).toBeLessThan(before / 10);
  });
});

describe('series that may not be named', () => {
  const keys = (history: ProxyHistory) => [...history.series.named];
  const key = (digest: number) => seriesKeyOf(keyOf({ digest }));
  const without = (digest: number) => ({ ...upTo(10), mayName: (one: string) => one !== key(digest) });
  const first = [
    { digest: 1, executions: 70 },
    { digest: 2, executions: 30 },
  ];

  test('count in the remainder from the beginning', () => {
    const history = new ProxyHistory();
    history.correct(readOf(100, 'full', first), { tookS: 0.01, wallS: 0, elapsed: undefined }, without(1));
    expect(keys(history)).toEqual([key(2)]);
    expect([history.totals.executions, history.other.executions]).toEqual([100, 70]);
  });

  test('leave with what they had, and come back to it', () => {
    const history = historyAfter(first);
    const later = [{ digest: 1, executions: 75 }, ...first.slice(1)];
    const left = history.correct(readOf(105, 'full', later), AT_ONCE, without(1));
    expect(left).toMatchObject({ unnamedSeries: new Set([key(1)]) });
    expect([executionsOf(history, 1), history.other.executions]).toEqual([70, 5]);
    const again = [{ digest: 1, executions: 79 }, ...first.slice(1)];
    history.correct(readOf(110, 'full', again), AT_ONCE, upTo(10));
    expect([executionsOf(history, 1), history.other.executions]).toEqual([70, 9]);
    const at = { digest: 1, executions: 80 };
    history.correct(readOf(115, 'full', [at, ...first.slice(1)]), AT_ONCE, upTo(10));
    expect([executionsOf(history, 1), history.other.executions]).toEqual([71, 9]);
  });

  test('stay as long as nobody has seen what they counted', () => {
    const history = historyAfter(first);
    history.correct(readOf(105, 'full', first), AT_ONCE, { ...without(1), mayLeave: false });
    expect(keys(history)).toContain(key(1));
  });
});
