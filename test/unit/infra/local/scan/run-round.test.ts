import { describe, expect, test } from '@jest/globals';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import type { ProxyReport } from '../../../../../functions/scanner/collect/collect.ts';
import { runRound } from '../../../../../infra/local/scan/run-round.ts';
import { reportOf, reportsOf } from '../../../../support/scan-reports.ts';
import { requestFor } from '../../../../support/scan-requests.ts';

const due = (...ids: readonly string[]) => requestFor(...ids).proxies;

function collectOf(outcomeOf: (id: string, attempt: number) => ProxyReport['outcome']) {
  const attempts = new Map<string, number>();
  return {
    attempts,
    async collect({ proxies }: CollectRequest) {
      const id = proxies[0]?.proxy.id ?? '';
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      return reportsOf(reportOf(id, { outcome: outcomeOf(id, attempt) }));
    },
  };
}

describe('a round', () => {
  const never = new AbortController().signal;

  test('collects from each proxy once, and answers in their order', async () => {
    const collect = collectOf((id) => (id === 'b' ? 'unreachable' : 'collected'));
    const reports = await runRound(due('a', 'b', 'c'), { collect, windowMs: 1, busyLimitMs: 0, signal: never });
    expect(reports.map(({ proxy, outcome }) => [proxy, outcome])).toEqual([
      ['a', 'collected'],
      ['b', 'unreachable'],
      ['c', 'collected'],
    ]);
    expect([...collect.attempts.values()]).toEqual([1, 1, 1]);
  });

  test('waits for a proxy that another run has, but not for ever', async () => {
    const soon = collectOf((_, attempt) => (attempt < 3 ? 'busy' : 'collected'));
    const [report] = await runRound(due('a'), { collect: soon, windowMs: 1, busyLimitMs: 60_000, signal: never });
    expect([report?.outcome, soon.attempts.get('a')]).toEqual(['collected', 3]);
    const always = collectOf(() => 'busy');
    const [busy] = await runRound(due('a'), { collect: always, windowMs: 1, busyLimitMs: 1, signal: never });
    expect(busy?.outcome).toBe('busy');
  });

  test('ends at once when it is to stop', async () => {
    const stop = new AbortController();
    const collect = collectOf(() => {
      stop.abort();
      return 'busy';
    });
    const [report] = await runRound(due('a'), { collect, windowMs: 1, busyLimitMs: 60_000, signal: stop.signal });
    expect([report?.outcome, collect.attempts.get('a')]).toEqual(['busy', 1]);
  });
});
