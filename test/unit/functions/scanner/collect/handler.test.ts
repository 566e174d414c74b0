import { describe, expect, test } from '@jest/globals';
import type { CollectReport, ProxyReport } from '../../../../../functions/scanner/collect/collect.ts';
import { handler, throwIfAllFailed } from '../../../../../functions/scanner/collect/handler.ts';

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

function reportOf(...outcomes: readonly ProxyReport['outcome'][]): CollectReport {
  const nothing = { collectors: [], delivered: 0, pending: 0, refused: 0 };
  const problem = { code: 'STORE_UNAVAILABLE', message: 'redis is away' } as const;
  return { proxies: outcomes.map((outcome, i) => ({ proxy: `px${i}`, outcome, problem, ...nothing })) };
}

describe('an invocation', () => {
  test('says what is wrong with a payload', async () => {
    const payload = { version: 1, tickMs: 'now', windowMs: 60_000, proxies: [{ proxy: {}, collectors: ['sql'] }] };
    const failure = await handler(payload, CONTEXT).catch((error: unknown) => error as Error & { code: string });
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect((failure as Error).message).toContain('/tickMs: expected number, got string');
    expect((failure as Error).message).toContain('/proxies/0/collectors/0');
    await expect(handler(undefined, CONTEXT)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('fails as a whole when nothing could be done for a reason of ours', () => {
    expect(() => throwIfAllFailed(reportOf('failed', 'failed'))).toThrow(
      'nothing was collected from px0, and nothing of 1 others: redis is away',
    );
  });

  test('does not fail for proxies that are down, or for some of many', () => {
    expect(() => throwIfAllFailed(reportOf('unreachable'))).not.toThrow();
    expect(() => throwIfAllFailed(reportOf('failed', 'collected'))).not.toThrow();
    expect(() => throwIfAllFailed({ proxies: [] })).not.toThrow();
  });
});
