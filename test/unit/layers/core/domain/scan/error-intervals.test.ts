import { describe, expect, test } from '@jest/globals';
import type { SqlErrorRow } from '@proxywatch/core/domain/proxy-status';
import {
  type ErrorInterval,
  type ErrorMemory,
  type ErrorRead,
  errorIntervalOf,
} from '@proxywatch/core/domain/scan/error-intervals';
import { fc } from '../../../../../support/properties.ts';

const WALL_S = 1_700_000_000;
/** The wall clock of the proxy is an hour ahead of the reader's. */
const AHEAD_S = 3_600;

interface Row {
  readonly user?: string;
  readonly errno?: number;
  readonly count: number;
  readonly bornS?: number;
}

interface Look {
  readonly atS: number;
  readonly uptimeS?: number;
  readonly rows: readonly Row[];
  /** Count of errno 1062. */
  readonly total?: number;
  readonly denied?: number;
}

function readOf({ atS, uptimeS = atS, rows, total, denied = 0 }: Look): ErrorRead {
  const proxyNowS = WALL_S + AHEAD_S + atS;
  const scope = { hostgroup: '10', host: 'db', port: 3306, clientAddress: '', schema: 'shop' };
  return {
    atMs: (WALL_S + atS) * 1000,
    uptimeS,
    proxyNowS,
    rows: rows.map(({ user = 'app', errno = 1062, count, bornS = 1 }): SqlErrorRow => {
      const firstSeenS = proxyNowS - (uptimeS - bornS);
      return { ...scope, user, errno, count, firstSeenS, lastSeenS: proxyNowS, lastError: '' };
    }),
    ...(total !== undefined && {
      totals: {
        uptimeS,
        proxyNowS,
        byServer: [{ hostgroup: '10', server: 'db:3306', errno: 1062, count: total }],
        accessDenied: denied,
      },
    }),
  };
}

/** What a series of looks brought, the sums of each. */
function looked(...looks: readonly Look[]) {
  let memory: ErrorMemory | undefined;
  return looks.map((look) => {
    const next = errorIntervalOf(readOf(look), memory);
    memory = next.memory;
    return sumsOf(next.interval);
  });
}

function sumsOf({ backend, detailLost, accessDenied }: ErrorInterval) {
  const sum = (all: readonly { readonly count: number }[]) => all.reduce((total, { count }) => total + count, 0);
  return { told: sum(backend), lost: sum(detailLost), denied: accessDenied };
}

const NOTHING = { told: 0, lost: 0, denied: 0 };

describe('errors between two looks', () => {
  test('are none at the first: nobody knows when they came up', () => {
    expect(looked({ atS: 100, rows: [{ count: 7 }], total: 9, denied: 3 })).toEqual([NOTHING]);
  });

  test('are what rows grew by, and rows born since', () => {
    const [, second] = looked(
      { atS: 100, rows: [{ count: 7 }] },
      { atS: 160, rows: [{ count: 9 }, { user: 'batch', count: 4, bornS: 130 }] },
    );
    expect(second).toEqual({ ...NOTHING, told: 6 });
  });

  test('of a row that the proxy lost for a while come when it is back', () => {
    const [, second, third] = looked(
      { atS: 100, rows: [{ count: 7 }] },
      { atS: 160, rows: [] },
      { atS: 220, rows: [{ count: 10 }] },
    );
    expect([second, third]).toEqual([NOTHING, { ...NOTHING, told: 3 }]);
  });

  test('of a row that was hidden at the first look, and is older than that, are not known', () => {
    const [, second, third] = looked(
      { atS: 100, rows: [] },
      { atS: 160, rows: [{ count: 10, bornS: 20 }] },
      { atS: 220, rows: [{ count: 11, bornS: 20 }] },
    );
    expect([second, third]).toEqual([NOTHING, { ...NOTHING, told: 1 }]);
  });

  test('count in full where a row fell or was born anew', () => {
    const [, fell, anew] = looked(
      { atS: 100, rows: [{ count: 7 }] },
      { atS: 160, rows: [{ count: 2 }] },
      { atS: 220, rows: [{ count: 5, bornS: 200 }] },
    );
    expect([fell, anew]).toEqual([
      { ...NOTHING, told: 2 },
      { ...NOTHING, told: 5 },
    ]);
  });

  test('count in full after a restart, totals too', () => {
    const [, second, third] = looked(
      { atS: 1000, rows: [{ count: 7 }], total: 7, denied: 5 },
      { atS: 1060, uptimeS: 20, rows: [{ count: 8 }], total: 10, denied: 2 },
      { atS: 1120, uptimeS: 80, rows: [{ count: 8 }], total: 10, denied: 2 },
    );
    expect(second).toEqual({ told: 8, lost: 0, denied: 2 });
    expect(third).toEqual({ told: 0, lost: 2, denied: 0 });
  });

  test('show a restart that the uptime has outrun by totals that fell', () => {
    const [, second] = looked(
      { atS: 30, rows: [{ count: 7, bornS: 20 }], total: 7 },
      { atS: 100, uptimeS: 40, rows: [{ count: 9, bornS: 3 }], total: 6 },
    );
    expect(second).toMatchObject({ told: 9 });
  });

  test('count once where the table told of a new life before the totals showed it', () => {
    const [, second, third, fourth] = looked(
      { atS: 60, rows: [{ count: 2, bornS: 31 }], total: 2 },
      { atS: 120, uptimeS: 61, rows: [{ count: 1, bornS: 31 }] },
      { atS: 180, uptimeS: 121, rows: [{ count: 1, bornS: 31 }], total: 1 },
      { atS: 240, uptimeS: 181, rows: [{ count: 3, bornS: 31 }], total: 3 },
    );
    expect([second, third, fourth]).toEqual([{ ...NOTHING, told: 1 }, NOTHING, { ...NOTHING, told: 2 }]);
  });
});

describe('totals beyond the table', () => {
  test('are given up as without detail when two tables in a row did not tell of them', () => {
    expect(
      looked(
        { atS: 100, rows: [{ count: 7 }], total: 7 },
        { atS: 160, rows: [{ count: 8 }], total: 12 },
        { atS: 220, rows: [{ count: 8 }], total: 12 },
        { atS: 280, rows: [{ count: 8 }], total: 12 },
      ),
    ).toEqual([NOTHING, { ...NOTHING, told: 1 }, { ...NOTHING, lost: 4 }, NOTHING]);
  });

  test('are not given up when the next table tells of them', () => {
    const [, second, third] = looked(
      { atS: 100, rows: [{ count: 7 }], total: 7 },
      { atS: 160, rows: [], total: 12 },
      { atS: 220, rows: [{ count: 12 }], total: 12 },
    );
    expect([second, third]).toEqual([NOTHING, { ...NOTHING, told: 5 }]);
  });

  test('count once where a row comes back after they were given up', () => {
    const [, , third, fourth, fifth] = looked(
      { atS: 100, rows: [{ count: 7 }], total: 7 },
      { atS: 160, rows: [], total: 12 },
      { atS: 220, rows: [], total: 12 },
      { atS: 280, rows: [{ count: 14 }], total: 14 },
      { atS: 340, rows: [{ count: 15 }], total: 15 },
    );
    expect(third).toEqual({ ...NOTHING, lost: 5 });
    expect(fourth).toEqual({ ...NOTHING, told: 2 });
    expect(fifth).toEqual({ ...NOTHING, told: 1 });
  });

  test('that lag behind the table are never negative, and are carried over', () => {
    expect(
      looked(
        { atS: 100, rows: [{ count: 7 }], total: 7 },
        { atS: 160, rows: [{ count: 10 }], total: 8 },
        { atS: 220, rows: [{ count: 10 }], total: 10 },
        { atS: 280, rows: [{ count: 10 }], total: 11 },
        { atS: 340, rows: [{ count: 10 }], total: 11 },
      ).slice(1),
    ).toEqual([{ ...NOTHING, told: 3 }, NOTHING, NOTHING, { ...NOTHING, lost: 1 }]);
  });

  test('of the life before are given up when the proxy restarts: its rows cannot come back', () => {
    const [, , third] = looked(
      { atS: 1000, rows: [{ count: 7 }], total: 7 },
      { atS: 1060, rows: [], total: 9 },
      { atS: 1120, uptimeS: 20, rows: [], total: 0 },
    );
    expect(third).toEqual({ ...NOTHING, lost: 2 });
  });
});

/** A proxy that makes errors, and loses rows of its table whenever it is looked at. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('errors' as const),
      user: fc.nat(3),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('look' as const), hidden: fc.subarray([0, 1, 2, 3]), lag: fc.nat(2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('look-at-table' as const), hidden: fc.subarray([0, 1, 2, 3]) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'table-reset' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

describe('whatever the proxy loses', () => {
  test('sums never exceed the truth, and equal it once errors stop', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, hasTotals) => {
        let atS = 1_000;
        let uptimeS = 1_000;
        let total = 3;
        let shown = 3;
        let truth = 0;
        let counted = 0;
        let memory: ErrorMemory | undefined;
        let hasRestarted = false;
        let isEachRestartSeen = true;
        const rows = new Map([[0, { count: 3, bornS: 500 }]]);

        function look(hidden: readonly number[], shown: number | undefined) {
          // A second life that is older when it is looked at than the first one was can only be told apart by luck.
          if (hasRestarted && uptimeS >= (memory?.uptimeS ?? 0)) isEachRestartSeen = false;
          hasRestarted = false;
          const visible = [...rows].filter(([user]) => !hidden.includes(user));
          const next = errorIntervalOf(
            readOf({
              atS,
              uptimeS,
              rows: visible.map(([user, { count, bornS }]) => ({ user: `u${user}`, count, bornS })),
              ...(shown !== undefined && { total: shown }),
            }),
            memory,
          );
          memory = next.memory;
          const { told, lost } = sumsOf(next.interval);
          expect(Math.min(told, lost)).toBeGreaterThanOrEqual(0);
          counted += told + lost;
          expect(counted).toBeLessThanOrEqual(truth);
        }
        const lookWhole = () => {
          shown = total;
          look([], hasTotals ? total : undefined);
        };
        const pass = (seconds: number) => {
          atS += seconds;
          uptimeS += seconds;
        };

        lookWhole();
        for (const one of steps) {
          pass(30);
          if (one.kind === 'errors') {
            const row = rows.get(one.user) ?? { count: 0, bornS: uptimeS };
            rows.set(one.user, { ...row, count: row.count + one.count });
            total += one.count;
            truth += one.count;
          } else if (one.kind === 'look') {
            // Totals lag, but never fall.
            shown = Math.max(shown, total - one.lag);
            look(one.hidden, hasTotals ? shown : undefined);
          } else if (one.kind === 'look-at-table') {
            look(one.hidden, undefined);
          } else {
            // What comes up between the last look and such an end is known to nobody.
            lookWhole();
            pass(30);
            rows.clear();
            if (one.kind === 'restart') {
              uptimeS = 1;
              hasRestarted = true;
              total = 0;
              shown = 0;
            }
          }
        }
        for (let i = 0; i < 3; i++) {
          pass(60);
          lookWhole();
        }
        if (hasTotals && isEachRestartSeen) expect(counted).toBe(truth);
      }),
      { numRuns: 2_000 },
    );
  });
});
