import { describe, expect, test } from '@jest/globals';
import { seedDigests, touchDigests } from '../../../../../../infra/local/lab/stats/digest-seed.ts';
import { DigestTable } from '../../../../../../infra/local/lab/stats/digest-table.ts';
import { fakeLabClock } from '../../../../../support/fake-lab-clock.ts';

const ORIGIN = { hostgroup: 10, schema: 'shop', user: 'app_rw', client: '' };
const [TEXT, COUNT, FIRST_SEEN, LAST_SEEN, SUM, MIN, MAX, AFFECTED, SENT] = [5, 6, 7, 8, 9, 10, 11, 12, 13];
const ran = (timeUs: number, rowsSent = 0, rowsAffected = 0) => ({ timeUs, rowsSent, rowsAffected });

function columns(table: DigestTable, ...indexes: readonly (number | undefined)[]) {
  return [...table.rows()].map((row) => indexes.map((index) => row[index ?? -1]));
}

describe('the digest table', () => {
  test('adds up executions and keeps the extremes', () => {
    const table = new DigestTable(fakeLabClock());
    for (const execution of [ran(300, 2), ran(100, 1), ran(200, 0, 5)]) table.record(ORIGIN, 'SELECT ?', execution);
    expect(columns(table, COUNT, SUM, MIN, MAX, SENT, AFFECTED)).toEqual([[3, 600, 100, 300, 3, 5]]);
  });

  test('counts a PREPARE without time, which leaves the minimum alone', () => {
    const table = new DigestTable(fakeLabClock());
    for (const timeUs of [0, 392, 117, 0]) table.record(ORIGIN, 'SELECT ?', ran(timeUs));
    expect(columns(table, COUNT, SUM, MIN, MAX)).toEqual([[4, 509, 117, 392]]);
  });

  test('has one row per hostgroup, schema, user, client and digest', () => {
    const table = new DigestTable(fakeLabClock());
    const origins = [
      ORIGIN,
      { ...ORIGIN, hostgroup: 20 },
      { ...ORIGIN, schema: 'crm' },
      { ...ORIGIN, user: 'batch' },
      { ...ORIGIN, client: '127.0.0.1' },
    ];
    for (const origin of [...origins, ...origins]) table.record(origin, 'SELECT ?', ran(1));
    table.record(ORIGIN, 'select ?', ran(1));
    expect(columns(table, COUNT)).toEqual([[2], [2], [2], [2], [2], [1]]);
  });

  test('wraps its 32-bit count and nothing else', () => {
    const table = new DigestTable(fakeLabClock());
    table.seed(ORIGIN, 'SELECT ?', '0x1', ran(7), 2 ** 32 - 1);
    table.record(ORIGIN, 'SELECT ?', ran(7));
    table.record(ORIGIN, 'SELECT ?', ran(7));
    expect(columns(table, COUNT, SUM)).toEqual([[1, 21]]);
  });

  test('moves all rows together when the wall clock steps', () => {
    const clock = fakeLabClock();
    const table = new DigestTable(clock);
    table.record(ORIGIN, 'SELECT a', ran(1));
    clock.advance(10_000);
    table.record(ORIGIN, 'SELECT b', ran(1));
    const before = columns(table, FIRST_SEEN).flat().map(Number);
    expect((before[1] ?? 0) - (before[0] ?? 0)).toBe(10);
    clock.stepWall(-3_600_000);
    expect(columns(table, FIRST_SEEN, LAST_SEEN)).toEqual(before.map((time) => [time - 3600, time - 3600]));
  });

  test("shows an untouched row at one of two neighbouring seconds, as the clocks' fractions fall", () => {
    const clock = fakeLabClock();
    const table = new DigestTable(clock);
    table.record(ORIGIN, 'SELECT a', ran(1));
    const shown = new Set<unknown>();
    for (let i = 0; i < 60; i += 1) {
      clock.advance(100);
      shown.add(columns(table, LAST_SEEN)[0]?.[0]);
    }
    const [low, high] = [...shown].map(Number).sort();
    expect(shown.size).toBe(2);
    expect((high ?? 0) - (low ?? 0)).toBe(1);
  });

  test('forgets everything on a reset, and says how much', () => {
    const table = new DigestTable(fakeLabClock());
    for (const text of ['SELECT a', 'SELECT b']) table.record(ORIGIN, text, ran(1));
    expect(table.reset()).toBe(2);
    expect([...table.rows()]).toEqual([]);
    table.record(ORIGIN, 'SELECT a', ran(1));
    expect(columns(table, COUNT)).toEqual([[1]]);
  });
});

describe('seeded digests', () => {
  test('are distinct rows, and grow when called again', () => {
    const table = new DigestTable(fakeLabClock());
    seedDigests(table, 1000);
    seedDigests(table, 500);
    const keys = [...table.rows()].map((row) => JSON.stringify(row.slice(0, 5)));
    expect(new Set(keys).size).toBe(1500);
    expect(new Set(columns(table, TEXT).flat()).size).toBe(1500);
  });

  test('are touched as many at a time as asked for, spread over the table', () => {
    const clock = fakeLabClock();
    const table = new DigestTable(clock);
    seedDigests(table, 1000);
    const before = columns(table, LAST_SEEN).flat()[0];
    clock.advance(60_000);
    touchDigests(table, 10);
    const touched = [...table.rows()].flatMap((row, i) => (row[LAST_SEEN ?? -1] === before ? [] : [i]));
    expect(touched).toHaveLength(10);
    expect(Math.max(...touched)).toBeGreaterThan(800);
    expect(
      columns(table, COUNT)
        .flat()
        .filter((count) => count === 2),
    ).toHaveLength(10);
  });
});
