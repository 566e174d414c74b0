import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { Log } from '@proxywatch/core/ports/log';
import type { Clock } from '../../../../functions/collection/clock.ts';
import { HistoryKeeper } from '../../../../functions/collection/history-keeper.ts';
import { ProxyLink } from '../../../../functions/collection/proxy-link.ts';
import { assemble } from '../../../../functions/gateway/exposition/scrape.ts';
import { CATALOGUE } from '../../../../functions/gateway/families.ts';
import { createGatewayMetrics } from '../../../../functions/gateway/gateway-metrics.ts';
import { ProxyWorker } from '../../../../functions/gateway/worker/proxy-worker.ts';
import { type FakeProxy, PROXY } from '../../../support/fake-proxy.ts';
import type { FakeStore } from '../../../support/fake-store.ts';
import { parseExposition, type Sample } from './exposition/strict-parser.ts';

/** Follows jest's fake timers, where a test has them. */
export const CLOCK: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now(), random: () => 0.5 };

export const METRICS = createGatewayMetrics('test');

/** A log that keeps the names of events with the code or problem they tell of. */
export function createTestLog(): Log & { readonly events: string[] } {
  const events: string[] = [];
  const note: Log['info'] = (event, { code, problem } = {}) =>
    events.push([event, code ?? problem].filter(Boolean).join(': '));
  return { events, info: note, warn: note, error: note };
}

export interface TestWorkerOptions {
  readonly proxy?: RegisteredProxy;
  readonly credentials?: CredentialSource;
  readonly shareMs?: number;
  readonly budgetMs?: number;
  readonly connectTimeoutMs?: number;
  readonly topN?: number;
  /** @default always */
  readonly mayExpose?: () => boolean;
  readonly log?: Log;
}

/** A worker of a fake proxy, over a fake store. */
export function createTestWorker(driver: FakeProxy, store: FakeStore, options: TestWorkerOptions = {}): ProxyWorker {
  const { proxy = PROXY, shareMs = 0, budgetMs = 60_000, connectTimeoutMs = 5_000, topN = 10 } = options;
  const { credentials = { fetchCredential: async () => ({ user: 'stats', password: 'stats' }) } } = options;
  return new ProxyWorker({
    proxy,
    link: new ProxyLink({ proxy, driver, credentials, connectTimeoutMs, clock: CLOCK }),
    keeper: new HistoryKeeper(proxy.id, store, CLOCK),
    mayExpose: options.mayExpose,
    topN,
    shareMs,
    budgetMs,
    clock: CLOCK,
    metrics: METRICS,
    log: options.log ?? createTestLog(),
  });
}

/** What a scrape shows, given what `refresh` answered. */
export function shownBy(worker: ProxyWorker, isFresh: boolean, isScraper = true): readonly Sample[] {
  const markReceived = worker.show(isFresh);
  const scrape = assemble(CATALOGUE, [worker.document], 'text');
  const text = Buffer.concat(scrape.buffers()).toString();
  scrape.release();
  markReceived(isScraper);
  return parseExposition(text, 'text').samples;
}

export async function scrape(worker: ProxyWorker, budgetMs = 5_000): Promise<readonly Sample[]> {
  return shownBy(worker, await worker.refresh(budgetMs));
}

/** The same for somebody who does not say that he is a scraper. */
export async function look(worker: ProxyWorker): Promise<readonly Sample[]> {
  return shownBy(worker, await worker.refresh(5_000), false);
}

/** Executions by digest, as a scrape shows them; the totals stand under `all`. Empty while they are withheld. */
export function executionsIn(samples: readonly Sample[]): Readonly<Record<string, number>> {
  const named = samples.filter(({ name }) => name === 'dbproxy_sql_executions_total');
  const all = samples.filter(({ name }) => name === 'dbproxy_sql_all_executions_total');
  return Object.fromEntries([
    ...all.map(({ value }) => ['all', Number(value)]),
    ...named.map(({ labels, value }) => [labels.digest, Number(value)]),
  ]);
}

export function valueIn(samples: readonly Sample[], name: string): number | undefined {
  const found = samples.find((sample) => sample.name === name);
  return found && Number(found.value);
}
