import { describe, expect, test } from '@jest/globals';
import { sumOf, ZERO } from '../../../../../../layers/core/src/domain/digests/counters.ts';
import { encodeDigestKey } from '../../../../../../layers/core/src/domain/digests/digest-key.ts';
import type { DigestCounters } from '../../../../../../layers/core/src/domain/digests/digest-read.ts';
import type { RowChange } from '../../../../../../layers/core/src/domain/digests/row-changes.ts';
import { sqlStatsRecordsOf } from '../../../../../../layers/core/src/domain/scan/sql-stats.ts';
import { fc } from '../../../../../support/properties.ts';

const countersOf = (executions: number, timeUs: number): DigestCounters => ({
  executions,
  timeUs,
  rowsAffected: executions,
  rowsSent: 2 * executions,
});

function changeOf(digest: number, by: DigestCounters, client = '', more: Partial<RowChange['row']> = {}): RowChange {
  const identity = { hostgroup: '1', schema: 'shop', user: 'app', clientAddress: client, digest: `0x${digest}` };
  const row = { key: encodeDigestKey(identity), counters: by, firstSeenS: 1, ...more };
  return { row, bornS: 1, kind: 'increase', by };
}

const totalOf = (changes: readonly RowChange[]) => changes.reduce((sum, { by }) => sumOf(sum, by), ZERO);
const recordsOf = (changes: readonly RowChange[], topN: number, total = totalOf(changes)) =>
  sqlStatsRecordsOf({ proxy: 'px1', namespace: 'shop', fromMs: 60_000, toMs: 120_000, changes, total }, topN);

describe('records of an interval', () => {
  test('name the digests that took most time, and put the rest together', () => {
    const changes = [
      changeOf(1, countersOf(9, 10)),
      changeOf(2, countersOf(1, 1_000)),
      changeOf(3, countersOf(5, 100)),
    ];
    expect(recordsOf(changes, 2)).toMatchObject([
      { digest: { digest: '0x2', schema: 'shop', user: 'app', hostgroup: '1' }, executions: 1, timeUs: 1_000 },
      { digest: { digest: '0x3' }, executions: 5, timeUs: 100 },
      { executions: 9, timeUs: 10, rowsSent: 18, fromMs: 60_000, toMs: 120_000 },
    ]);
    expect(recordsOf(changes, 2)[2]).not.toHaveProperty('digest');
  });

  test('name none that is not to be told, and lose nothing by that', () => {
    const changes = [changeOf(1, countersOf(9, 1_000)), changeOf(2, countersOf(1, 10))];
    const interval = { proxy: 'px1', namespace: 'shop', fromMs: 1, toMs: 2, changes, total: totalOf(changes) };
    const records = sqlStatsRecordsOf(interval, 1, ({ digest, user }) => digest !== '0x1' && user === 'app');
    expect(records).toMatchObject([{ digest: { digest: '0x2' } }, { executions: 9, timeUs: 1_000 }]);
    expect(records[1]).not.toHaveProperty('digest');
  });

  test('are none when nothing ran, and hold no rest when there is none', () => {
    expect(recordsOf([changeOf(1, ZERO)], 10)).toEqual([]);
    expect(recordsOf([changeOf(1, countersOf(1, 1))], 10)).toHaveLength(1);
  });

  test('take rows that differ in the client address for one digest', () => {
    const rows = [
      changeOf(1, countersOf(1, 10), '10.0.0.1', { minTimeUs: 5, maxTimeUs: 40, text: 'SELECT ?' }),
      changeOf(1, countersOf(2, 20), '10.0.0.2', { minTimeUs: 7, maxTimeUs: 90 }),
    ];
    expect(recordsOf(rows, 10)).toMatchObject([
      { executions: 3, timeUs: 30, digest: { minTimeUs: 5, maxTimeUs: 90, text: 'SELECT ?' } },
    ]);
  });

  test('give the rest what the totals grew by and no row explains', () => {
    const changes = [changeOf(1, countersOf(1, 10))];
    expect(recordsOf(changes, 10, countersOf(4, 50))).toMatchObject([{ executions: 1 }, { executions: 3, timeUs: 40 }]);
  });

  test('have ids that depend on the digest and the interval only', () => {
    const changes = [changeOf(1, countersOf(1, 10)), changeOf(2, countersOf(1, 10)), changeOf(3, countersOf(1, 1))];
    const ids = (of: readonly RowChange[]) => recordsOf(of, 2).map(({ eventId }) => eventId);
    expect(new Set(ids(changes)).size).toBe(3);
    expect(ids(changes.toReversed())).toEqual(ids(changes));
  });

  test('sum to the growth of the totals, whatever ran', () => {
    const change = fc
      .tuple(fc.nat(20), fc.nat(1_000), fc.nat(1_000_000), fc.constantFrom('', '10.0.0.1'))
      .map(([digest, executions, timeUs, client]) => changeOf(digest, countersOf(executions, timeUs), client));
    fc.assert(
      fc.property(fc.array(change), fc.nat(25), fc.nat(9), (changes, topN, unexplained) => {
        const total = sumOf(totalOf(changes), countersOf(unexplained, 0));
        const records = recordsOf(changes, topN, total);
        const { executions, timeUs, rowsAffected, rowsSent } = records.reduce<DigestCounters>(sumOf, ZERO);
        expect({ executions, timeUs, rowsAffected, rowsSent }).toEqual(total);
        expect(records.filter(({ digest }) => digest).length).toBeLessThanOrEqual(topN);
      }),
    );
  });
});
