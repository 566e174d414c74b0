import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { StoredHistories } from '@proxywatch/core/ports/history-store';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { observeProxies, observeRedis, type TrafficByPurpose } from './cost-metrics.ts';
import { observeTraffic } from './memory/store-metrics.ts';
import type { ProxyWorker } from './worker/proxy-worker.ts';

/** What a gateway tells of itself, at /metrics/self. */
export interface GatewayMetrics {
  readonly registry: Registry;
  readonly proxies: Gauge;
  readonly registryProblems: Gauge;
  readonly collections: Counter<'outcome'>;
  readonly collectSeconds: Histogram;
  readonly resets: Counter<'reason'>;
  readonly fullReads: Counter<'reason'>;
  readonly storeFailures: Counter<'code'>;
  readonly historyBytes: Gauge;
  readonly evictedRows: Counter<'reason'>;
  readonly spills: Counter;
  readonly restoredRows: Counter;
  readonly forgottenRows: Counter<'reason'>;
  readonly retiredSeries: Counter;
  readonly damagedRecords: Counter<'kind'>;
  readonly heartbeats: Counter<'outcome'>;
  readonly members: Gauge;
  readonly assignedWeight: Gauge;
  readonly moves: Counter<'reason'>;
  readonly leasesLost: Counter;
  readonly handOverSeconds: Histogram;
  readonly gaps: Counter<'reason'>;
  readonly scrapes: Counter<'path'>;
  readonly servedBytes: Counter;
  readonly relayedProxies: Counter<'outcome'>;
}

/** Gauges that prom-client calls totals, which linters refuse; the same by type stand beside them. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `proxywatch_gateway_nodejs_active_${what}_total`);

/** What counts itself, and is asked when the metrics are. */
export interface MetricSources {
  /** @default nothing is exchanged */
  readonly historyTraffic?: StoredHistories['traffic'];
  /** @default nothing is exchanged */
  readonly redisTraffic?: TrafficByPurpose;
  /** @default none */
  readonly workers?: () => readonly ProxyWorker[];
}

export function createGatewayMetrics(gatewayId: string, sources: MetricSources = {}): GatewayMetrics {
  const { historyTraffic = new Map(), redisTraffic = new Map(), workers = () => [] } = sources;
  const registry = new Registry();
  registry.setDefaultLabels({ gateway: gatewayId });
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'proxywatch_gateway_' });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  observeEventLoop(registry);
  observeTraffic(historyTraffic, registry);
  observeRedis(redisTraffic, registry);
  observeProxies(workers, registry);
  return {
    registry,
    proxies: new Gauge({ name: 'proxywatch_gateway_proxies', help: 'Proxies that this gateway watches.', registers }),
    registryProblems: new Gauge({
      name: 'proxywatch_gateway_registry_problems',
      help: 'Entries of the registry that could not be used, and 1 more when it could not be read.',
      registers,
    }),
    collections: new Counter({
      name: 'proxywatch_gateway_collections_total',
      help: 'Collections from proxies by outcome: ok, or the code of the error.',
      labelNames: ['outcome'],
      registers,
    }),
    collectSeconds: new Histogram({
      name: 'proxywatch_gateway_collect_seconds',
      help: 'Duration of collections.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    resets: new Counter({
      name: 'proxywatch_gateway_history_resets_total',
      help: 'Times that the statistics of a proxy were found to have begun again, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    fullReads: new Counter({
      name: 'proxywatch_gateway_full_reads_total',
      help: 'Digest tables read whole because changed rows did not explain what the sums said, by suspicion.',
      labelNames: ['reason'],
      registers,
    }),
    storeFailures: new Counter({
      name: 'proxywatch_gateway_history_failures_total',
      help: 'Loads and writes of histories that failed, by code; statistics are withheld until they work again.',
      labelNames: ['code'],
      registers,
    }),
    historyBytes: new Gauge({
      name: 'proxywatch_gateway_history_bytes',
      help: 'Memory that histories take, as far as HISTORY_MEMORY_BYTES is about it.',
      registers,
    }),
    evictedRows: new Counter({
      name: 'proxywatch_gateway_history_evicted_rows_total',
      help: 'Digest rows that left memory for Redis: idle ones, and those of the heaviest histories (spill).',
      labelNames: ['reason'],
      registers,
    }),
    spills: new Counter({
      name: 'proxywatch_gateway_history_spills_total',
      help: 'Times that a history was spilled because all together were above the memory budget.',
      registers,
    }),
    restoredRows: new Counter({
      name: 'proxywatch_gateway_history_restored_rows_total',
      help: 'Digest rows that came back from Redis into memory.',
      registers,
    }),
    forgottenRows: new Counter({
      name: 'proxywatch_gateway_history_forgotten_rows_total',
      help: 'Digest rows whose last values are known no more, by reason; their next increase is in __other__.',
      labelNames: ['reason'],
      registers,
    }),
    retiredSeries: new Counter({
      name: 'proxywatch_gateway_history_retired_series_total',
      help: 'Digest series that nobody saw for HISTORY_RETENTION_SECONDS and that are forgotten; they begin again at zero.',
      registers,
    }),
    damagedRecords: new Counter({
      name: 'proxywatch_gateway_history_damaged_records_total',
      help: 'Records of histories that could not be read, or were missing, and were set aside, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    heartbeats: new Counter({
      name: 'proxywatch_gateway_heartbeats_total',
      help: 'Heartbeats into Redis by outcome: ok, or the code of the error.',
      labelNames: ['outcome'],
      registers,
    }),
    members: new Gauge({
      name: 'proxywatch_gateway_members',
      help: 'Gateways that live, standbys included, as this one sees them.',
      registers,
    }),
    assignedWeight: new Gauge({
      name: 'proxywatch_gateway_assigned_weight',
      help: 'Series of the proxies that this gateway owns.',
      registers,
    }),
    moves: new Counter({
      name: 'proxywatch_gateway_moves_total',
      help: 'Proxies that this gateway assigned to another owner while it was the planner, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    leasesLost: new Counter({
      name: 'proxywatch_gateway_leases_lost_total',
      help: 'Leases that were gone when they were to be prolonged.',
      registers,
    }),
    handOverSeconds: new Histogram({
      name: 'proxywatch_gateway_hand_over_seconds',
      help: 'From being assigned a proxy to having its lease.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120],
      registers,
    }),
    gaps: new Counter({
      name: 'proxywatch_gateway_gaps_total',
      help: 'Scrapes of proxies that went without statistics, by reason: no-owner, no-lease, late, down or withheld.',
      labelNames: ['reason'],
      registers,
    }),
    scrapes: new Counter({
      name: 'proxywatch_gateway_scrapes_total',
      help: 'Answers to scrapes by path, and pages of the whole fleet for people (?fleet=true).',
      labelNames: ['path'],
      registers,
    }),
    servedBytes: new Counter({
      name: 'proxywatch_gateway_served_bytes_total',
      help: 'Bytes of expositions sent.',
      registers,
    }),
    relayedProxies: new Counter({
      name: 'proxywatch_gateway_relayed_proxies_total',
      help: 'Proxies of other gateways on pages of the whole fleet, by outcome: ok or missing.',
      labelNames: ['outcome'],
      registers,
    }),
  };
}

function observeEventLoop(registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  new Gauge({
    name: 'proxywatch_gateway_eventloop_longest_block_seconds',
    help: 'Longest delay of the event loop since the previous scrape.',
    registers: [registry],
    collect() {
      this.set(Math.max(0, delay.max) / 1e9);
      delay.reset();
    },
  });
}
