import { beforeEach, describe, expect, test } from '@jest/globals';
import { sumOf } from '../../../../../../layers/core/src/domain/digests/counters.ts';
import { encodeDigestKey } from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import type { DigestRead } from '../../../../../../layers/core/src/domain/digests/digest-read.ts';
import { batchOf, nothingRemembered } from '../../../../../../layers/core/src/domain/history/history-batch.ts';
import { encodeCounters } from '../../../../../../layers/core/src/domain/history/history-record.ts';
import { restoreHistory } from '../../../../../../layers/core/src/domain/history/restore-history.ts';
import type { StoredHistory } from '../../../../../../layers/core/src/domain/history/stored-history.ts';

const NOW_S = 5_000;
/** The mark of a series that is not shown, as records have it. */
const KEPT = 0;
const keyOf = (n: number) =>
  encodeDigestKey({ hostgroup: '1', schema: 's', user: 'u', clientAddress: '', digest: `0x${n}` });
const countersOf = (n: number) => ({ executions: n, timeUs: 10 * n, rowsAffected: 0, rowsSent: n });

/** A stored history of digests 1 to 4, of which three are named; each was executed as often as it is called. */
function stored(): StoredHistory & { series: Map<string, string>; errors: Map<string, string> } {
  const remembered = nothingRemembered();
  const rows = [1, 2, 3, 4].map((n) => ({ key: keyOf(n), counters: countersOf(n), firstSeenS: 900 }));
  const tableSums = rows.map(({ counters }) => counters).reduce(sumOf);
  const head = {
    kind: 'full',
    proxyNowS: 1_000,
    uptimeS: 500,
    tableRows: 4,
    tableSums,
    oldestFirstSeenS: 900,
  } as const;
  const read: DigestRead = { ...head, rows };
  const naming = { topN: 3, atS: 0, mayLeave: false };
  remembered.digests.correct(read, { tookS: 0, elapsed: undefined, wallS: 1_000 }, naming);
  const row = { hostgroup: '1', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
  const errors = [{ ...row, count: 7, firstSeenS: 900, lastSeenS: 950, lastError: '' }];
  remembered.errors.correct({ uptimeS: 500, proxyNowS: 1_000, errors });
  const batch = batchOf(remembered, true)!;
  return {
    meta: batch.meta,
    metaCopy: batch.meta,
    revision: '1',
    ageMs: 0,
    storedRows: 4,
    series: new Map(batch.series),
    errors: new Map(batch.errors),
    missing: { rows: 0, series: 0, errors: 0 },
  };
}

let history: ReturnType<typeof stored>;
beforeEach(() => {
  history = stored();
});
const restored = (changes: Partial<StoredHistory> = {}) => restoreHistory({ ...history, ...changes }, NOW_S);
const executionsOf = ({ digests }: ReturnType<typeof restored>['remembered'], n: number) =>
  digests.series.totalOf(keyOf(n)).executions;

describe('a history that was stored', () => {
  test('comes back without its rows, which stay in the store', () => {
    const { remembered, damage, isBegunAnew } = restored();
    expect([damage, isBegunAnew]).toEqual([[], false]);
    expect(remembered.digests.totals.executions).toBe(10);
    expect([2, 3, 4].map((n) => executionsOf(remembered, n))).toEqual([2, 3, 4]);
    expect([remembered.digests.rows.size, remembered.digests.rows.evicted]).toEqual([0, 4]);
    expect(remembered.errors.totals).toEqual(new Map([[1064, 7]]));
  });

  test('has one damaged series from what all others leave of the totals, and writes it again', () => {
    history.series.set(keyOf(3), 'x');
    const { remembered, damage } = restored();
    expect(executionsOf(remembered, 3)).toBe(3);
    expect(remembered.digests.series.isNamed(keyOf(3))).toBe(true);
    expect([...remembered.digests.changesToStore().series]).toEqual([keyOf(3)]);
    expect(damage).toMatchObject([{ kind: 'series', key: keyOf(3), record: 'x' }]);
  });

  test('shows none of several damaged series, but all that they had stays in the totals', () => {
    history.series.set(keyOf(3), 'x');
    history.series.set(keyOf(4), history.series.get(keyOf(2))!);
    const { digests } = restored().remembered;
    expect([3, 4].map((n) => digests.series.isSealed(keyOf(n)))).toEqual([true, true]);
    expect(digests.retired.executions).toBe(7);
    expect(digests.totals.executions).toBe(10);
    expect([...digests.series.named]).toEqual([keyOf(2)]);
  });

  test('lets damaged series begin at zero once nobody remembers what was shown of them', () => {
    history.series.set(keyOf(3), 'x');
    history.series.set(keyOf(4), 'x');
    const { digests } = restored().remembered;
    digests.markStored();
    expect([digests.retireSeries(NOW_S), digests.series.sealedCount]).toEqual([0, 2]);
    expect([digests.retireSeries(NOW_S + 1), digests.series.sealedCount]).toEqual([2, 0]);
    expect(digests.changesToStore().retiredSeries.toSorted()).toEqual([keyOf(3), keyOf(4)]);
  });

  test('forgets series that are not shown for long, the time before the restart included', () => {
    const record = (key: string, goneS: number) => encodeCounters(key, countersOf(5), KEPT, goneS);
    for (const [n, goneS] of [
      [5, 4_000],
      [6, 4_001],
    ] as const)
      history.series.set(keyOf(n), record(keyOf(n), goneS));
    const { digests } = restored().remembered;
    const { retired } = digests;
    expect([digests.retireSeries(4_001), digests.series.has(keyOf(5)), digests.series.has(keyOf(6))]).toEqual([
      1,
      false,
      true,
    ]);
    expect(digests.retired).toEqual(sumOf(retired, countersOf(5)));
    expect(digests.changesToStore().retiredSeries).toEqual([keyOf(5)]);
  });

  test('takes series that an older version wrote without a time for gone since now, and notes it', () => {
    history.series.set(keyOf(5), encodeCounters(keyOf(5), countersOf(5), KEPT, 0));
    const { digests } = restored().remembered;
    expect(digests.changesToStore().series).toEqual([keyOf(5)]);
    expect(digests.series.stateOf(keyOf(5)).goneS).toBe(NOW_S);
    expect([digests.retireSeries(NOW_S), digests.retireSeries(NOW_S + 1)]).toEqual([0, 1]);
  });

  test('proves nothing of a damaged series that may have been a sealed one', () => {
    history.series.set(keyOf(3), 'x');
    history.series.set(keyOf(4), 'x');
    const first = restored().remembered;
    const batch = batchOf(first, true)!;
    const again = { meta: batch.meta, metaCopy: batch.meta, series: new Map([...batch.series, [keyOf(3), 'y']]) };
    const { digests } = restored(again).remembered;
    expect(digests.series.isSealed(keyOf(3))).toBe(true);
  });

  test('stands on the copy of its totals, and without that begins anew', () => {
    expect(restored({ meta: 'x' })).toMatchObject({ isBegunAnew: false, damage: [{ kind: 'meta', record: 'x' }] });
    const { isBegunAnew, remembered, damage } = restored({ meta: 'x', metaCopy: 'y' });
    expect([isBegunAnew, remembered.digests.baseline, damage.length]).toEqual([true, undefined, 2]);
  });

  test('counts an error again only from its next read on when its record is damaged', () => {
    const [rowKey] = [...history.errors.keys()].filter((key) => !key.startsWith('errno:'));
    history.errors.set(rowKey!, 'x');
    const { errors } = restored().remembered;
    const row = { hostgroup: '1', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
    const read = (count: number) =>
      errors.correct({
        uptimeS: 500,
        proxyNowS: 1_000,
        errors: [{ ...row, count, firstSeenS: 900, lastSeenS: 950, lastError: '' }],
      });
    read(9);
    expect(errors.totals.get(1064)).toBe(7);
    read(11);
    expect(errors.totals.get(1064)).toBe(9);
  });

  test('shows no total of errors whose record is damaged, until it may begin at zero', () => {
    history.errors.set('errno:1064', 'x');
    const { errors } = restored().remembered;
    const row = { hostgroup: '1', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
    const read = (count: number) =>
      errors.correct({
        uptimeS: 500,
        proxyNowS: 1_000,
        errors: [{ ...row, count, firstSeenS: 900, lastSeenS: 950, lastError: '' }],
      });
    read(9);
    expect(errors.totals.size).toBe(0);
    errors.unseal(NOW_S + 1);
    read(12);
    expect(errors.totals.get(1064)).toBe(3);
  });

  test('takes errors that it lost the records of for counted', () => {
    history.errors.clear();
    const { remembered, damage } = restored({ missing: { rows: 0, series: 0, errors: 2 } });
    const row = { hostgroup: '1', host: 'db', port: 3306, user: 'u', clientAddress: '', schema: 's', errno: 1064 };
    const errors = [{ ...row, count: 9, firstSeenS: 900, lastSeenS: 950, lastError: '' }];
    remembered.errors.correct({ uptimeS: 500, proxyNowS: 1_000, errors });
    expect(remembered.errors.totals.size).toBe(0);
    expect(damage).toMatchObject([{ kind: 'errors', record: undefined, why: '2 records are missing' }]);
  });
});
