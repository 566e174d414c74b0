import { expect, test } from '@jest/globals';
import { madeOnce } from '@proxywatch/core/config/made-once';

test('a value is made once for all who ask, at once or later', async () => {
  let count = 0;
  const get = madeOnce(async () => ++count);
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  expect(await get()).toBe(1);
});

test('a value that could not be made fails those who waited, and is made anew for the next', async () => {
  let isBroken = true;
  const get = madeOnce(async () => {
    if (isBroken) throw new Error('not now');
    return 'made';
  });
  await expect(Promise.all([get(), get()])).rejects.toThrow('not now');
  isBroken = false;
  expect(await get()).toBe('made');
});
