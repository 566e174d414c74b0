import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { FullReadGate } from '../../../../../functions/gateway/memory/full-read-gate.ts';
import { CLOCK } from '../test-worker.ts';

const { signal } = new AbortController();
let gate: FullReadGate;
beforeEach(() => {
  jest.useFakeTimers();
  gate = new FullReadGate(CLOCK, { maxRows: 100, patienceMs: 2_000 });
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
  const leave = await gate.enter(rows, signal);
  entered.push(name);
  return leave;
};
const settle = () => jest.advanceTimersByTimeAsync(0);

test('tables enter as long as their rows are few, the next when one leaves', async () => {
  const leave = await enter('a', 60);
  await enter('b', 40);
  void enter('c', 50);
  await settle();
  expect(entered).toEqual(['a', 'b']);
  leave();
  await settle();
  expect(entered).toEqual(['a', 'b', 'c']);
});

test('a table larger than all that may enter goes alone', async () => {
  const leave = await enter('a', 10);
  void enter('large', 1_000);
  await settle();
  expect(entered).toEqual(['a']);
  leave();
  await settle();
  expect(entered).toEqual(['a', 'large']);
});

test('a table that takes long keeps nobody waiting', async () => {
  await enter('slow', 100);
  void enter('b', 100);
  await jest.advanceTimersByTimeAsync(1_999);
  expect(entered).toEqual(['slow']);
  await jest.advanceTimersByTimeAsync(2);
  expect(entered).toEqual(['slow', 'b']);
});

test('who does not want to wait any longer is let go', async () => {
  await enter('a', 100);
  const giveUp = new AbortController();
  const waiting = gate.enter(100, giveUp.signal);
  giveUp.abort(new Error('no time'));
  await expect(waiting).rejects.toThrow('no time');
  await expect(gate.enter(1, giveUp.signal)).rejects.toThrow('no time');
});
