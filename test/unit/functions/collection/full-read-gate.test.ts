import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { FullReadGate } from '../../../../functions/collection/full-read-gate.ts';
import { CLOCK } from '../gateway/test-worker.ts';

const { signal } = new AbortController();
let gate: FullReadGate;
beforeEach(() => {
  jest.useFakeTimers();
  gate = new FullReadGate(CLOCK, { maxRows: 100, patienceMs: 2_000, maxLateRows: 300 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Asks to enter; the names of those who did stand in `entered`. */
const entered: string[] = [];
beforeEach(() => {
  entered.length = 0;
});
const enter = async (name: string, rows: number) => {
  const turn = await gate.enter(rows, signal);
  entered.push(name);
  return turn;
};
const settle = () => jest.advanceTimersByTimeAsync(0);

test('tables enter as long as their rows are few, the next when one leaves', async () => {
  const { leave } = await enter('a', 60);
  await enter('b', 40);
  void enter('c', 50);
  await settle();
  expect(entered).toEqual(['a', 'b']);
  leave();
  await settle();
  expect(entered).toEqual(['a', 'b', 'c']);
});

test('a table larger than all that may enter goes alone', async () => {
  const { leave } = await enter('a', 10);
  void enter('large', 1_000);
  await settle();
  expect(entered).toEqual(['a']);
  leave();
  await settle();
  expect(entered).toEqual(['a', 'large']);
});

test('who came first enters first, and small tables keep no large one waiting', async () => {
  const [a, b] = [await enter('a', 60), await enter('b', 40)];
  void enter('large', 100);
  void enter('small', 10);
  a.leave();
  await settle();
  expect(entered).toEqual(['a', 'b']);
  b.leave();
  await settle();
  expect(entered).toEqual(['a', 'b', 'large']);
});

test('a proxy that has not answered for long keeps nobody waiting', async () => {
  await enter('slow', 100);
  void enter('b', 100);
  await jest.advanceTimersByTimeAsync(1_999);
  expect(entered).toEqual(['slow']);
  await jest.advanceTimersByTimeAsync(2);
  expect(entered).toEqual(['slow', 'b']);
});

test('an answer counts with the rows that it has until they are merged, however long that takes', async () => {
  const turn = await enter('a', 10);
  turn.arrived(100);
  void enter('b', 10);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(entered).toEqual(['a']);
  turn.leave();
  await settle();
  expect(entered).toEqual(['a', 'b']);
});

test('answers that are late are waited for when too many might come at once', async () => {
  const late = await enter('late 1', 100);
  for (const name of ['late 2', 'late 3', 'late 4', 'b']) void enter(name, 100);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(entered).toEqual(['late 1', 'late 2', 'late 3', 'late 4']);
  late.leave();
  await settle();
  expect(entered.at(-1)).toBe('b');
});

test('who does not want to wait any longer is let go', async () => {
  await enter('a', 100);
  const giveUp = new AbortController();
  const waiting = gate.enter(100, giveUp.signal);
  giveUp.abort(new Error('no time'));
  await expect(waiting).rejects.toThrow('no time');
  await expect(gate.enter(1, giveUp.signal)).rejects.toThrow('no time');
});
