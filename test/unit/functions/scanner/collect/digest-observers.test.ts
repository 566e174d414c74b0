import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { DigestRound } from '../../../../../functions/scanner/collect/collect-context.ts';
import { DigestObservers } from '../../../../../functions/scanner/collect/digest-observers.ts';
import { createGate } from '../../../../support/fake-proxy.ts';

const ROUND: DigestRound = {
  fromMs: 1,
  toMs: 2,
  changes: [],
  verdict: 'continued',
  reason: undefined,
  uptimeS: 1,
  proxyNowS: 1,
};

function observersOf(signal = new AbortController().signal) {
  const failures: unknown[] = [];
  return { failures, observers: new DigestObservers(signal, (error) => failures.push(error)) };
}

describe('who looks into the digests', () => {
  test('has done so when the history is saved', async () => {
    const gate = createGate();
    const { observers } = observersOf();
    const order: string[] = [];
    observers.add(async () => {
      await gate.pass();
      order.push('observed');
    });
    const telling = observers.tell(ROUND).then(() => order.push('saved'));
    gate.open();
    await telling;
    expect(order).toEqual(['observed', 'saved']);
  });

  test('keeps the history from being saved when its findings could not be committed', async () => {
    const { observers } = observersOf();
    observers.add(() => Promise.reject(new ProxywatchError('STORE_UNAVAILABLE', 'away')));
    await expect(observers.tell(ROUND)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('does not keep it back for ever by a mistake of its own', async () => {
    const { observers, failures } = observersOf();
    observers.add(() => Promise.reject(new TypeError('a mistake')));
    observers.add(() => {
      throw new TypeError('another');
    });
    await observers.tell(ROUND);
    expect(failures).toHaveLength(2);
  });

  test('is waited for no longer than the run lasts', async () => {
    const stopping = new AbortController();
    const { observers } = observersOf(stopping.signal);
    observers.add(() => new Promise(() => undefined));
    const telling = observers.tell(ROUND);
    stopping.abort(new ProxywatchError('CANCELLED', 'the time is over'));
    await expect(telling).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
