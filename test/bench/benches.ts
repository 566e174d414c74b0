import { FUNCTIONS } from '../../infra/aws/packages/functions.ts';
import { coldStartRowOf } from './harness/cold-start-row.ts';
import type { BenchResult } from './harness/result.ts';

export interface Bench {
  readonly id: string;
  readonly rows: readonly Row[];
  /** Imported when it runs: what one benchmark loads is no part of another's memory. */
  run(): Promise<readonly BenchResult[]>;
}

export interface Row {
  readonly name: string;
  /** What the value is compared with. */
  readonly baseline: string;
  /** The least ratio that we promise; without one the row only informs. */
  readonly target?: number;
  /** Instead of a target, the greatest ratio that we promise, where the ratio is the value itself. */
  readonly limit?: number;
}

/** All benchmarks, in the order in which they run; docs/benchmarks.md explains them. */
export const BENCHES: readonly Bench[] = [
  {
    id: 'digest-read-50k-1pct',
    rows: [{ name: 'digest-read-50k-1pct', baseline: 'SELECT *, mysql2 defaults', target: 50 }],
    run: async () => (await import('./digest-read.ts')).digestRead50k1Percent(),
  },
  {
    id: 'rss-per-row',
    rows: [{ name: 'rss-per-row', baseline: 'limit of 300 bytes', target: 1 }],
    run: async () => (await import('./rss-per-row.ts')).rssPerRow(),
  },
  {
    id: 'rss-1m-rows',
    rows: [
      { name: 'rss-1m-rows', baseline: 'rows as objects in Maps', target: 1.25 },
      { name: 'rss-20-mb-budget', baseline: 'budget + 300 MB', target: 1 },
    ],
    run: async () => (await import('./rss-1m-rows.ts')).rss1mRows(),
  },
  {
    id: 'scrape-growth',
    rows: [
      { name: 'scrape-growth', baseline: 'full read, prom-client', limit: 0.2 },
      { name: 'scrape-growth-1m-rows', baseline: '10,000 rows' },
    ],
    run: async () => (await import('./scrape-growth.ts')).scrapeGrowth(),
  },
  {
    id: 'render-500k',
    rows: [{ name: 'render-500k', baseline: 'prom-client', target: 50 }],
    run: async () => (await import('./render.ts')).render500k(),
  },
  {
    id: 'render-500k-1pct',
    rows: [{ name: 'render-500k-1pct', baseline: 'prom-client', target: 500 }],
    run: async () => (await import('./render.ts')).render500k1Percent(),
  },
  {
    id: 'gzip-1pct',
    rows: [
      { name: 'gzip-1pct', baseline: 'zlib, all of it', target: 20 },
      { name: 'gzip-first-longest-block', baseline: 'zlib, all of it' },
    ],
    run: async () => (await import('./render.ts')).gzip1Percent(),
  },
  {
    id: 'peer-mysqld-exporter',
    rows: [
      { name: 'peer-mysqld-exporter-cpu', baseline: 'prometheus-mysqld-exporter', target: 20 },
      { name: 'peer-mysqld-exporter-memory', baseline: 'prometheus-mysqld-exporter', target: 3 },
    ],
    run: async () => (await import('./peer-mysqld-exporter.ts')).peerMysqldExporter(),
  },
  {
    id: 'scrape-100-proxies',
    rows: [
      { name: 'scrape-100-proxies', baseline: 'full read, prom-client', target: 10 },
      { name: 'scrape-100-proxies-longest-block', baseline: 'full read, prom-client' },
    ],
    run: async () => (await import('./scrape-100-proxies.ts')).scrape100Proxies(),
  },
  {
    id: 'legacy-flow',
    rows: [
      { name: 'legacy-flow', baseline: 'the original flow', target: 10 },
      { name: 'legacy-flow-redis-bytes', baseline: 'the original flow', target: 20 },
      { name: 'legacy-flow-scrape', baseline: 'HTTP and exposition' },
      { name: 'legacy-flow-nodes', baseline: 'node look-ups in Redis' },
      { name: 'legacy-flow-probe', baseline: 'the probe and its read' },
      { name: 'legacy-flow-history', baseline: 'histories in Redis' },
    ],
    run: async () => (await import('./legacy-flow.ts')).legacyFlow(),
  },
  {
    id: 'rebalance-8-to-9',
    rows: [
      { name: 'rebalance-8-to-9', baseline: 'hash % n', limit: 0.12 },
      { name: 'rebalance-8-to-9-before', baseline: 'hash % n', limit: 1.1 },
      { name: 'rebalance-8-to-9-after', baseline: 'hash % n', limit: 1.1 },
      { name: 'plan-10k-50', baseline: 'limit of 1 s', target: 1 },
    ],
    run: async () => (await import('./rebalance.ts')).rebalance8To9(),
  },
  {
    id: 'collect-one',
    rows: [{ name: 'collect-one', baseline: 'all tables whole, mysql2 defaults', target: 10 }],
    run: async () => (await import('./collect-one.ts')).collectOne(),
  },
  {
    id: 'dispatch-10k',
    rows: [
      { name: 'dispatch-10k', baseline: 'one after the other (scaled)', target: 20 },
      { name: 'dispatch-10k-limit', baseline: 'one minute', target: 10 },
      { name: 'dispatch-10k-memory', baseline: 'limit of 512 MB', target: 1 },
    ],
    run: async () => (await import('./dispatch-10k.ts')).dispatch10k(),
  },
  {
    id: 'dcdb-write',
    rows: [{ name: 'dcdb-write', baseline: 'single-row inserts', target: 20 }],
    run: async () => (await import('./dcdb-write.ts')).dcdbWrite(),
  },
  {
    id: 'top-sql',
    rows: [
      { name: 'top-sql-24h', baseline: 'limit of 1 s', target: 1 },
      { name: 'top-sql-24h-stored', baseline: 'a store of these rows alone' },
      { name: 'top-sql-30d', baseline: 'limit of 1 s', target: 1 },
      { name: 'top-sql-30d-stored', baseline: 'a store of these rows alone' },
    ],
    run: async () => (await import('./top-sql.ts')).topSql(),
  },
  {
    id: 'cold-start',
    rows: FUNCTIONS.flatMap(({ name }) => [
      { name: coldStartRowOf(name), baseline: 'one bundle without layers' },
      { name: `${coldStartRowOf(name)}-size`, baseline: 'one bundle without layers', target: 10 },
    ]),
    run: async () => (await import('./cold-start.ts')).coldStart(),
  },
  {
    id: 'api-list',
    rows: [
      { name: 'api-list', baseline: 'mysql2 and node:http alone', target: 0.5 },
      { name: 'api-list-p99', baseline: 'mysql2 and node:http alone' },
    ],
    run: async () => (await import('./api-list.ts')).apiList(),
  },
  {
    id: 'apply-100',
    rows: [{ name: 'apply-100', baseline: 'one proxy after another', target: 10 }],
    run: async () => (await import('./apply-100.ts')).apply100(),
  },
];
