import { beforeEach, describe, expect, test } from '@jest/globals';
import { KnownRows } from '../../../../../../layers/core/src/domain/digests/known-rows.ts';

let rows: KnownRows;
beforeEach(() => {
  rows = new KnownRows();
});

/** A row that was read at `atS`. */
function keep(key: string, atS: number): void {
  const counters = { executions: 1, timeUs: 2, rowsAffected: 3, rowsSent: 4 };
  rows.keep({ row: { key, counters, firstSeenS: 0 }, bornS: 0, kind: 'increase', by: counters }, atS);
}
function keepMany(count: number, atS: (n: number) => number): void {
  for (let n = 0; n < count; n++) keep(`10|73686F70|617070||0x${n}`, atS(n));
}
const held = () => [...rows.table.keys()];

describe('rows in memory', () => {
  test('leave it when they were idle, and are still known', () => {
    for (const [key, atS] of [
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ] as const)
      keep(key, atS);
    rows.markStored(3);
    expect(rows.evict(20)).toBe(1);
    expect([held(), rows.evicted, rows.forgottenOf(3)]).toEqual([['b', 'c'], 1, 0]);
  });

  test('stay until the store has them as they are', () => {
    keep('a', 10);
    keep('b', 10);
    rows.markStored(2);
    keep('b', 11);
    expect(rows.evict(100)).toBe(1);
    expect(held()).toEqual(['b']);
    rows.markStored(2);
    expect([rows.evict(100), rows.evicted]).toEqual([1, 2]);
  });

  test('are spilled from the least recently touched on, until the memory is free', () => {
    keepMany(1_000, (n) => n % 10);
    rows.markStored(1_000);
    const before = rows.table.byteLength;
    const spilled = rows.spill(before / 2);
    expect(Math.abs(spilled - 500)).toBeLessThan(10);
    expect(rows.table.byteLength).toBeLessThan(before / 2);
    expect(Math.min(...[...rows.table.slots()].map((slot) => rows.table.touchedAt(slot)))).toBe(5);
    expect(rows.evicted + rows.size).toBe(1_000);
  });

  test('are spilled although all were touched at once', () => {
    keepMany(100, () => 7);
    rows.markStored(100);
    expect(rows.spill(rows.table.byteLength)).toBe(100);
  });
});

describe('rows that the store dropped', () => {
  test('are forgotten, or written again where memory has them', () => {
    keep('a', 10);
    keep('b', 10);
    rows.markStored(2);
    rows.evict(100, 1);
    rows.noteDropped(['a', 'b']);
    expect([rows.evicted, rows.forgottenOf(2), [...rows.toStore().rows]]).toEqual([0, 1, ['b']]);
  });

  test("are nobody's any more where a new life of the table is not stored yet", () => {
    keep('of the old life', 10);
    rows.markStored(1);
    rows.begin();
    keep('a', 20);
    rows.noteDropped(['of the old life']);
    expect([rows.evicted, rows.forgottenOf(1)]).toEqual([0, 0]);
  });

  test('without saying which may be any, until it says how many it holds', () => {
    keepMany(4, () => 10);
    rows.markStored(4);
    rows.evict(100, 3);
    rows.noteUncertain();
    expect(rows.forgottenOf(4)).toBe(3);
    rows.markStored(2);
    expect([rows.evicted, rows.forgottenOf(4)]).toEqual([1, 2]);
  });

  test('because it lost everything are forgotten, and those in memory are due again', () => {
    keep('a', 10);
    keep('b', 10);
    rows.markStored(2);
    rows.evict(100, 1);
    rows.markLost();
    expect(rows.toStore()).toMatchObject({ replacesRows: true, rows: new Set(['b']) });
    expect([rows.evicted, rows.forgottenOf(2)]).toEqual([0, 1]);
  });
});
