import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectInvoker, DeadLetters } from '@proxywatch/core/ports/collect-invoker';
import { sendAll } from '../../../../../functions/scanner/dispatch/send-all.ts';
import { FakeDispatchClock } from '../../../../support/fake-dispatch-clock.ts';
import { throttled } from '../../../../support/memory-dispatch.ts';
import { requestFor } from '../../../../support/scan-requests.ts';

const BUDGET_MS = 54_000;
const requests = Array.from({ length: 20 }, (_, i) => requestFor(`shop-${i}`));

interface Setting {
  readonly invoke: CollectInvoker['invoke'];
  readonly bury?: DeadLetters['send'];
  readonly parallel?: number;
}

function start({ invoke, bury = async () => undefined, parallel = 50 }: Setting) {
  const clock = new FakeDispatchClock();
  const stop = new AbortController();
  const logged: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (event: string) => void logged.push(event) };
  const parts = { invoker: { invoke }, deadLetters: { send: bury }, clock, log, parallel, budgetMs: BUDGET_MS };
  // Not before a test has what is returned here.
  const sent = Promise.resolve().then(() => sendAll(requests, parts, stop.signal));
  return { clock, stop, logged, sent };
}

/** Never answers, and does not listen to signals either. */
const hang = () => new Promise<never>(() => undefined);

describe('requests', () => {
  test('are all sent, so many at once and no more', async () => {
    let [underWay, peak] = [0, 0];
    const invoke = async () => {
      peak = Math.max(peak, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    };
    const { sent, clock } = start({ invoke, parallel: 7 });
    expect(await sent).toEqual({ invocations: 20, retries: 0, deadLetters: 0, lost: 0 });
    expect(peak).toBe(7);
    expect(clock.sleeping).toBe(0);
  });

  test('that are throttled are sent again, later and later, until they are accepted', async () => {
    const attemptsMs: number[] = [];
    let refusals = 6;
    const { sent, clock } = start({
      parallel: 1,
      invoke: async () => {
        attemptsMs.push(clock.nowMs());
        if (refusals-- > 0) throw throttled();
      },
    });
    await clock.pass(BUDGET_MS);
    expect(await sent).toEqual({ invocations: 20, retries: 6, deadLetters: 0, lost: 0 });
    const waits = attemptsMs.slice(1, 7).map((ms, i) => ms - (attemptsMs[i] ?? 0));
    // Half of the ceilings, which double.
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 2_500]);
  });

  test('that are throttled for the whole time of a tick are dead letters with that reason', async () => {
    const reasons: string[] = [];
    const { sent, clock, logged } = start({
      parallel: 4,
      invoke: () => Promise.reject(throttled()),
      bury: async (_, reason) => void reasons.push(reason),
    });
    await clock.pass(BUDGET_MS - 1);
    expect(reasons).toEqual([]);
    await clock.pass(1);
    expect(await sent).toMatchObject({ invocations: 0, deadLetters: 20, lost: 0 });
    expect(reasons.filter((reason) => reason === 'INVOKE_THROTTLED: lambda collect: rate exceeded')).toHaveLength(4);
    expect(reasons.at(-1)).toBe('the time of the tick was over before it was its turn');
    // Twenty of the same are not twenty lines.
    expect(logged).toHaveLength(3);
  });

  test('that fail are sent three times at most', async () => {
    const attempts = new Map<unknown, number>();
    const { sent, clock } = start({
      invoke: async (request) => {
        attempts.set(request, (attempts.get(request) ?? 0) + 1);
        if (request === requests[3]) throw new ProxywatchError('INVOKE_FAILED', 'no such function');
      },
    });
    await clock.pass(BUDGET_MS);
    const problem = 'INVOKE_FAILED: no such function';
    expect(await sent).toEqual({ invocations: 19, retries: 2, deadLetters: 1, lost: 0, problem });
    expect([...attempts.values()].toSorted().slice(-2)).toEqual([1, 3]);
  });

  test('end with the tick where the API hangs, and where the dead letters hang too', async () => {
    const { sent, clock } = start({ invoke: hang, bury: hang });
    await clock.pass(BUDGET_MS);
    await clock.pass(5_000);
    expect(await sent).toMatchObject({ invocations: 0, deadLetters: 0, lost: 20 });
    expect(clock.sleeping).toBe(0);
  });

  test('that the dead letters refuse are lost, and counted', async () => {
    const refuse = () => Promise.reject(new ProxywatchError('SINK_FULL', 'the file is full'));
    const { sent, clock, logged } = start({ invoke: () => Promise.reject(new Error('broken')), bury: refuse });
    await clock.pass(BUDGET_MS);
    expect(await sent).toMatchObject({ lost: 20, problem: 'INTERNAL: broken' });
    expect(logged[0]).toBe('a request is lost: the file is full');
  });

  test('stop at once when they are to, and leave the rest to the next tick', async () => {
    let buried = 0;
    let invoked = 0;
    const { sent, stop } = start({
      parallel: 2,
      invoke: async () => {
        if (++invoked === 5) stop.abort();
      },
      bury: async () => void buried++,
    });
    const { invocations, lost, problem } = await sent;
    expect(invocations + lost).toBe(20);
    expect(lost).toBeGreaterThanOrEqual(14);
    expect([buried, problem]).toEqual([0, 'stopped before all was sent']);
  });
});
