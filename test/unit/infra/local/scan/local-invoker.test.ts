import { describe, expect, test } from '@jest/globals';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import type { CollectReport } from '../../../../../functions/scanner/collect/collect.ts';
import { createLocalInvoker } from '../../../../../infra/local/scan/local-invoker.ts';
import { failureOf } from '../../../../support/redis-servers.ts';
import { reportOf, reportsOf } from '../../../../support/scan-reports.ts';
import { requestFor } from '../../../../support/scan-requests.ts';
import { until } from '../../../../support/until.ts';

/** Collections that end when a test says so, or when they are cut short. */
function create(maxRunning?: number) {
  const started: { request: CollectRequest; deadlineMs: number; end(report: CollectReport): void; fail(): void }[] = [];
  const logged: string[] = [];
  const collect = (request: CollectRequest, signal: AbortSignal, deadlineMs: number) =>
    new Promise<CollectReport>((resolve, reject) => {
      started.push({ request, deadlineMs, end: resolve, fail: () => reject(new Error('broken')) });
      signal.addEventListener('abort', () => resolve(reportsOf(reportOf('shop-1', { outcome: 'unfinished' }))));
    });
  const log = { info: () => undefined, warn: () => undefined, error: (event: string) => void logged.push(event) };
  return {
    started,
    logged,
    invoker: createLocalInvoker({ collect: { collect }, log, ...(maxRunning && { maxRunning }) }),
  };
}

describe('an invocation in this process', () => {
  test('is accepted when the collection begins, not when it ends', async () => {
    const { invoker, started } = create();
    await invoker.invoke(requestFor('shop-1'));
    await invoker.invoke(requestFor('shop-2'));
    expect(started.map(({ request }) => request)).toEqual([requestFor('shop-1'), requestFor('shop-2')]);
    await invoker.stop();
  });

  test('is throttled while too many are under way', async () => {
    const { invoker, started } = create(1);
    await invoker.invoke(requestFor('shop-1'));
    expect(await failureOf(invoker.invoke(requestFor('shop-2')))).toMatchObject({ code: 'INVOKE_THROTTLED' });
    started[0]?.end(reportsOf());
    await until(
      'there is room again',
      async () => (await failureOf(invoker.invoke(requestFor('shop-2')))) === undefined,
    );
    await invoker.stop();
  });

  test('that fails is told in the log, and takes no other with it', async () => {
    const { invoker, started, logged } = create(1);
    await invoker.invoke(requestFor('shop-1'));
    started[0]?.fail();
    await until('it is told', () => logged.length === 1);
    expect(logged).toEqual(['a request failed']);
    await until(
      'there is room again',
      async () => (await failureOf(invoker.invoke(requestFor('shop-2')))) === undefined,
    );
    await invoker.stop();
  });

  test('has time until a little after its window', async () => {
    const { invoker, started } = create();
    const tickMs = Date.now() + 60_000;
    await invoker.invoke({ ...requestFor('shop-1'), tickMs, windowMs: 15_000 });
    expect(started[0]?.deadlineMs).toBe(tickMs + 20_000);
    // One that comes late is given some time too.
    await invoker.invoke({ ...requestFor('shop-1'), tickMs: 0 });
    expect(started[1]?.deadlineMs).toBeGreaterThan(Date.now());
    await invoker.stop();
  });

  test('is cut short by a stop, which waits for it; no other begins', async () => {
    const { invoker } = create();
    await invoker.invoke(requestFor('shop-1'));
    await invoker.stop();
    expect(await failureOf(invoker.invoke(requestFor('shop-1')))).toMatchObject({ code: 'INVOKE_FAILED' });
  });
});
