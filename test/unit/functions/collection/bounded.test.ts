import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { bounded } from '../../../../functions/collection/bounded.ts';

const AS = { code: 'STORE_UNAVAILABLE', what: 'the store' } as const;
const never = new Promise<never>(() => undefined);

describe('a bounded answer', () => {
  test('is the answer, or its own failure', async () => {
    const { signal } = new AbortController();
    expect(await bounded(Promise.resolve(1), signal, AS)).toBe(1);
    const failure = new Error('own');
    await expect(bounded(Promise.reject(failure), signal, AS)).rejects.toBe(failure);
  });

  test('ends with the signal, whether the other side obeys it or not', async () => {
    const giveUp = new AbortController();
    const deaf = bounded(never, giveUp.signal, AS);
    const obedient = bounded(
      new Promise((_, reject) => giveUp.signal.addEventListener('abort', () => reject(giveUp.signal.reason))),
      giveUp.signal,
      AS,
    );
    giveUp.abort();
    const expected = { code: 'STORE_UNAVAILABLE', message: 'the store took longer than its caller waits' };
    await expect(deaf).rejects.toMatchObject(expected);
    await expect(obedient).rejects.toMatchObject(expected);
  });

  test('tells the reason for which it was given up, if that is an error of ours', async () => {
    const reason = new ProxywatchError('CANCELLED', 'stop');
    await expect(bounded(never, AbortSignal.abort(reason), AS)).rejects.toBe(reason);
  });

  test('leaves no rejection unhandled when it fails after it was given up', async () => {
    const late = Promise.withResolvers<never>();
    await expect(bounded(late.promise, AbortSignal.abort(), AS)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    late.reject(new Error('late'));
    await new Promise(setImmediate);
  });
});
