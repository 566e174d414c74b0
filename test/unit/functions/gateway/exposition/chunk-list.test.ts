import { beforeEach, describe, expect, test } from '@jest/globals';
import { ChunkList } from '../../../../../functions/gateway/exposition/chunk-list.ts';

const CHUNK_BYTES = 1_000;
const SERIES = 200;
const LENGTH = 20;

/** Series of twenty bytes that say which one they are; the slot is the last byte before the newline. */
let list = new ChunkList(1, CHUNK_BYTES);

function add(ref: number, hot = false): void {
  list.columns.ensure(ref);
  const { chunk, at } = list.place(ref, LENGTH, hot);
  chunk.body.bytes.write(`${`series ${ref}`.padEnd(LENGTH - 2)}0\n`, at);
  list.columns.setEnd(ref, at + LENGTH - 1);
  list.columns.setWidth(ref, 1);
}

function round(...refs: number[]): void {
  for (const ref of refs) list.touch(ref, list.chunkOf(ref));
  list.settle();
}

function idle(rounds: number): void {
  for (let i = 0; i < rounds; i++) round();
}

function refsIn(hot: boolean): number[] {
  return [...list]
    .filter((chunk) => chunk.hot === hot)
    .flatMap(({ body }) => body.bytes.toString('latin1', 0, body.length).match(/\d+(?= .*\n)/g) ?? [])
    .map(Number);
}

const all = Array.from({ length: SERIES }, (_, ref) => ref);

beforeEach(() => {
  list = new ChunkList(1, CHUNK_BYTES);
  for (const ref of all) add(ref);
});

describe('series that change', () => {
  test('once stay where they are', () => {
    round(3, 77, 150);
    idle(20);
    round(3, 77, 150);
    expect(refsIn(true)).toEqual([]);
  });

  test('twice within a few rounds move together, in whatever chunk they were', () => {
    round(3, 77, 150);
    idle(2);
    round(3, 77, 150);
    expect(refsIn(true).sort((a, b) => a - b)).toEqual([3, 77, 150]);
    expect(refsIn(false)).toEqual(all.filter((ref) => ![3, 77, 150].includes(ref)));
  });

  test('no more go back', () => {
    round(3, 77, 150);
    round(3, 77, 150);
    for (let i = 0; i < 60; i++) round(77);
    expect(refsIn(true)).toEqual([77]);
    expect(refsIn(false)).toHaveLength(SERIES - 1);
  });

  test('are not moved where most do: the chunk itself turns hot, and cold again', () => {
    for (let i = 0; i < 3; i++) round(...all.slice(1));
    expect(refsIn(true)).toEqual(all.slice(1));
    expect(refsIn(false)).toEqual([0]);
    idle(60);
    expect(refsIn(true)).toEqual([]);
    expect(refsIn(false).sort((a, b) => a - b)).toEqual(all);
  });

  test('once do not count as changing after their chunk cooled down', () => {
    for (let i = 0; i < 3; i++) round(...all);
    idle(60);
    list.remove(10);
    list.compact();
    expect(refsIn(true)).toEqual([]);
  });

  test('at first as a hint says, are hot from the start', () => {
    add(SERIES, true);
    expect(refsIn(true)).toEqual([SERIES]);
    idle(60);
    expect(refsIn(true)).toEqual([]);
  });
});

describe('series that are removed', () => {
  test('leave the bytes of the others as they were, in one piece', () => {
    const gone = new Set([0, 1, 49, 50, 120, SERIES - 1]);
    for (const ref of gone) list.remove(ref);
    list.compact();
    expect(refsIn(false)).toEqual(all.filter((ref) => !gone.has(ref)));
  });

  test('give their memory back', () => {
    for (const ref of all) if (ref % 10 !== 0) list.remove(ref);
    list.compact();
    const held = [...list].reduce((sum, { body }) => sum + body.bytes.length, 0);
    expect(held).toBeLessThanOrEqual(3 * LENGTH * (SERIES / 10));
    expect(refsIn(false).sort((a, b) => a - b)).toEqual(all.filter((ref) => ref % 10 === 0));
  });

  test('all of them leave nothing', () => {
    for (const ref of all) list.remove(ref);
    list.compact();
    expect([...list]).toEqual([]);
    add(5);
    expect(refsIn(false)).toEqual([5]);
  });
});

test('sorting stops after a bounded number of moves and goes on in the next round', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => SERIES + i);
  for (const ref of many) add(ref);
  const changing = many.filter((ref) => ref % 3 === 0);
  const moved = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(() => {
    round(...changing);
    return refsIn(true).length;
  });
  expect(moved[1]).toBeGreaterThan(0);
  expect(moved[1]).toBeLessThan(4_096);
  expect(moved.at(-1)).toBe(changing.length);
});
