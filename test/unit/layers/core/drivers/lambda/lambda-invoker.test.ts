import { afterEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { createLambdaInvoker } from '@proxywatch/core/drivers/lambda/lambda-invoker';
import { type Answer, type LambdaApi, startLambdaApi, THROTTLED } from '../../../../../support/lambda-api.ts';
import { failureOf } from '../../../../../support/redis-servers.ts';
import { requestFor } from '../../../../../support/scan-requests.ts';
import { until } from '../../../../../support/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(answer?: Answer, timeoutMs?: number) {
  const api = await startLambdaApi(answer && { answer: () => answer });
  return { api, invoker: invokerOf(api, timeoutMs) };
}

function invokerOf(api: LambdaApi, timeoutMs = 60_000) {
  const invoker = createLambdaInvoker({
    functionName: 'collect:live',
    maxConnections: 2,
    timeoutMs,
    client: api.client,
  });
  closing.push(() => api.close(), invoker.close);
  return invoker;
}

describe('an invocation on Lambda', () => {
  test('is asynchronous, and carries the request as it is', async () => {
    const { api, invoker } = await start();
    await invoker.invoke(requestFor('shop-1', 'shop-2'));
    const [attempt] = api.attempts;
    expect(attempt?.invocationType).toBe('Event');
    expect(decodeURIComponent(attempt?.path ?? '')).toBe('/2015-03-31/functions/collect:live/invocations');
    expect(api.accepted).toEqual([requestFor('shop-1', 'shop-2')]);
  });

  test('takes a connection that is there already, and no more than there may be', async () => {
    const { api, invoker } = await start();
    for (let i = 0; i < 5; i++)
      await Promise.all(Array.from({ length: 6 }, () => invoker.invoke(requestFor('shop-1'))));
    expect(api.accepted).toHaveLength(30);
    expect(api.connections).toBeLessThanOrEqual(2);
  });

  test.each([
    ['TooManyRequestsException', 429],
    ['EC2ThrottledException', 502],
    ['ThrottlingException', 400],
  ])('that is refused with %s (%i) is throttled', async (type, status) => {
    const { api, invoker } = await start({ kind: 'refuse', status, type });
    const error = await failureOf(invoker.invoke(requestFor('shop-1')));
    expect(errorCodeOf(error)).toBe('INVOKE_THROTTLED');
    expect(messageOf(error)).toContain(`lambda collect:live: ${type}`);
    // Whoever asked decides about another attempt.
    expect(api.attempts).toHaveLength(1);
  });

  test.each([
    ['ResourceNotFoundException', 404],
    ['AccessDeniedException', 403],
    ['RequestTooLargeException', 413],
    ['ServiceException', 500],
  ])('that is refused with %s (%i) failed', async (type, status) => {
    const { api, invoker } = await start({ kind: 'refuse', status, type });
    const error = await failureOf(invoker.invoke(requestFor('shop-1')));
    expect(errorCodeOf(error)).toBe('INVOKE_FAILED');
    expect(messageOf(error)).toContain(type);
    expect(JSON.stringify(error)).not.toContain('AKIDEXAMPLE');
    expect(api.attempts).toHaveLength(1);
  });

  test('that is not answered ends at its time limit', async () => {
    const { invoker } = await start({ kind: 'hang' }, 50);
    const error = await failureOf(invoker.invoke(requestFor('shop-1')));
    expect([errorCodeOf(error), messageOf(error)]).toEqual([
      'INVOKE_FAILED',
      'lambda collect:live: no answer within 50 ms',
    ]);
  });

  test('that is not wanted any more ends at once, with the reason', async () => {
    const { api, invoker } = await start({ kind: 'hang' });
    const stop = new AbortController();
    const failure = failureOf(invoker.invoke(requestFor('shop-1'), stop.signal));
    await until('it is under way', () => api.attempts.length === 1);
    stop.abort(new Error('enough'));
    expect(messageOf(await failure)).toBe('enough');
    expect(messageOf(await failureOf(invoker.invoke(requestFor('shop-1'), stop.signal)))).toBe('enough');
  });

  test('fails while nobody listens', async () => {
    const { api, invoker } = await start();
    await api.close();
    expect(errorCodeOf(await failureOf(invoker.invoke(requestFor('shop-1'))))).toBe('INVOKE_FAILED');
  });

  test('is throttled once and accepted the next time', async () => {
    const api = await startLambdaApi({ answer: (_, earlier) => (earlier === 0 ? THROTTLED : { kind: 'accept' }) });
    const invoker = invokerOf(api);
    expect(errorCodeOf(await failureOf(invoker.invoke(requestFor('shop-1'))))).toBe('INVOKE_THROTTLED');
    await invoker.invoke(requestFor('shop-1'));
    expect(api.accepted).toHaveLength(1);
  });
});
