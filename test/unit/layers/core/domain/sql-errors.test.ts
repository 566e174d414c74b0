import { describe, expect, test } from '@jest/globals';
import type { SqlErrorRow } from '../../../../../layers/core/src/domain/proxy-status.ts';
import { SqlErrorHistory } from '../../../../../layers/core/src/domain/sql-errors.ts';

const WALL_S = 1_700_000_000;

function statusOf(uptimeS: number, rows: readonly { errno: number; count: number; bornS?: number; user?: string }[]) {
  const errors = rows.map(
    ({ errno, count, bornS = 1, user = 'app' }): SqlErrorRow => ({
      hostgroup: '10',
      host: 'db',
      port: 3306,
      user,
      clientAddress: '',
      schema: 'shop',
      errno,
      count,
      firstSeenS: WALL_S - uptimeS + bornS,
      lastSeenS: WALL_S,
      lastError: '',
    }),
  );
  return { uptimeS, proxyNowS: WALL_S, errors };
}

describe('errors by errno', () => {
  test('add up over users, and grow by what is new', () => {
    const history = new SqlErrorHistory();
    history.correct(
      statusOf(100, [
        { errno: 1062, count: 7 },
        { errno: 1062, count: 3, user: 'batch' },
      ]),
    );
    history.correct(
      statusOf(105, [
        { errno: 1062, count: 9 },
        { errno: 1062, count: 3, user: 'batch' },
      ]),
    );
    expect(history.totals).toEqual(new Map([[1062, 12]]));
  });

  test('take a row that the proxy lost for a while for the same row', () => {
    const history = new SqlErrorHistory();
    history.correct(statusOf(100, [{ errno: 1062, count: 7 }]));
    history.correct(statusOf(105, []));
    history.correct(statusOf(110, [{ errno: 1062, count: 8 }]));
    expect(history.totals.get(1062)).toBe(8);
  });

  test('count a row in full that fell or was born anew', () => {
    const history = new SqlErrorHistory();
    history.correct(statusOf(100, [{ errno: 1062, count: 7 }]));
    history.correct(statusOf(10, [{ errno: 1062, count: 2 }]));
    expect(history.totals.get(1062)).toBe(9);
    history.correct(statusOf(100, [{ errno: 1062, count: 5, bornS: 60 }]));
    expect(history.totals.get(1062)).toBe(14);
  });

  test('go on from what was stored', () => {
    const history = new SqlErrorHistory();
    history.correct(statusOf(100, [{ errno: 1062, count: 7 }]));
    const successor = new SqlErrorHistory();
    for (const [key, { count, bornS }] of history.changesToStore()) successor.restore(key, count, bornS);
    successor.correct(statusOf(105, [{ errno: 1062, count: 8 }]));
    expect(successor.totals.get(1062)).toBe(8);
    expect([...successor.changesToStore().keys()]).toHaveLength(2);
  });
});
