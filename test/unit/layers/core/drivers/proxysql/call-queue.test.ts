import { describe, expect, test } from '@jest/globals';
import { createCallQueue } from '../../../../../../layers/core/src/drivers/proxysql/call-queue.ts';
import { fc } from '../../../../../support/properties.ts';

function gate() {
  return Promise.withResolvers<void>();
}

describe('the queue of calls', () => {
  test('runs calls one at a time in the order of arrival, failing ones too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (failing) => {
        const queue = createCallQueue(failing.length);
        const order: number[] = [];
        let running = 0;
        const calls = failing.map((fails, i) =>
          queue.run(async () => {
            expect(++running).toBe(1);
            await Promise.resolve();
            order.push(i);
            running--;
            if (fails) throw new Error('failed');
          }),
        );
        const outcomes = await Promise.allSettled(calls);
        expect(order).toEqual(failing.map((_, i) => i));
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(failing);
        expect(queue.busy).toBe(false);
      }),
    );
  });

  test('lets nobody slip in while it hands the turn over', async () => {
    const queue = createCallQueue(5);
    const order: string[] = [];
    const first = queue.run(async () => order.push('first'));
    const second = queue.run(async () => order.push('second'));
    await first;
    const third = queue.run(async () => order.push('third'));
    await Promise.all([second, third]);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  test('refuses a call when too many wait', async () => {
    const queue = createCallQueue(1);
    const open = gate();
    const running = queue.run(() => open.promise);
    const waiting = queue.run(async () => 'done');
    await expect(queue.run(async () => 'never')).rejects.toMatchObject({ code: 'PROXY_BUSY' });
    open.resolve();
    await running;
    await expect(waiting).resolves.toBe('done');
  });

  test('lets a waiting call leave, without harm to the one that runs', async () => {
    const queue = createCallQueue(5);
    const open = gate();
    const giveUp = new AbortController();
    const running = queue.run(() => open.promise);
    let ran = false;
    const leaving = queue.run(async () => {
      ran = true;
    }, giveUp.signal);
    giveUp.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
    open.resolve();
    await running;
    await queue.run(async () => {});
    expect(ran).toBe(false);
  });

  test('does not start a call whose caller has given up before', async () => {
    const timedOut = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
    await expect(createCallQueue(1).run(async () => 'never', timedOut)).rejects.toMatchObject({
      code: 'PROXY_TIMEOUT',
    });
  });
});
