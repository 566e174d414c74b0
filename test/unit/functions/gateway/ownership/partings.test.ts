import { expect, test } from '@jest/globals';
import { Partings } from '../../../../../functions/gateway/ownership/partings.ts';

const setUp = () => {
  const clock = { now: 0 };
  const partings = new Partings(1_000, { nowMs: () => clock.now, wallMs: () => 0, random: () => 0 });
  const keep = (...ids: readonly string[]) => [...partings.keep(new Set(ids))];
  return { clock, partings, keep };
};

test('a proxy that leaves is kept for its time, each from when it was first heard of', () => {
  const { clock, keep } = setUp();
  expect(keep('a')).toEqual(['a']);
  clock.now = 600;
  expect(keep('a', 'b')).toEqual(['a', 'b']);
  clock.now = 1_000;
  expect(keep('a', 'b')).toEqual(['b']);
  clock.now = 1_600;
  expect(keep('b')).toEqual([]);
});

test('one that stays after all has its whole time when it leaves again', () => {
  const { clock, partings, keep } = setUp();
  keep('a');
  expect(partings.arePending).toBe(true);
  clock.now = 900;
  expect(keep()).toEqual([]);
  expect(partings.arePending).toBe(false);
  clock.now = 1_500;
  expect(keep('a')).toEqual(['a']);
});
