import type { RedisTraffic } from '@proxywatch/core/drivers/redis/count-traffic';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ProxyWorker } from './worker/proxy-worker.ts';

/** By what it is for. */
export type TrafficByPurpose = ReadonlyMap<string, Readonly<RedisTraffic>>;

/** What all use of Redis costs, histories included. */
export function observeRedis(traffic: TrafficByPurpose, registry: Registry): void {
  const registers = [registry];
  new Counter({
    name: 'proxywatch_gateway_redis_operations_total',
    help: 'Calls to Redis by what they were for and by outcome: ok or failed.',
    labelNames: ['purpose', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [purpose, { operations, failures }] of traffic) {
        this.inc({ purpose, outcome: 'ok' }, operations);
        this.inc({ purpose, outcome: 'failed' }, failures);
      }
    },
  });
  new Counter({
    name: 'proxywatch_gateway_redis_transferred_bytes_total',
    help: 'Payload of calls to Redis by what they were for and by direction: sent or received.',
    labelNames: ['purpose', 'direction'],
    registers,
    collect() {
      this.reset();
      for (const [purpose, { sentBytes, receivedBytes }] of traffic) {
        this.inc({ purpose, direction: 'sent' }, sentBytes);
        this.inc({ purpose, direction: 'received' }, receivedBytes);
      }
    },
  });
}

/** What each proxy costs the gateway that has it; the series of a proxy that has moved end here and begin there. */
export function observeProxies(workers: () => readonly ProxyWorker[], registry: Registry): void {
  const [registers, labelNames] = [[registry], ['proxy']];
  const measures = [
    { name: 'collect_seconds_total', help: 'Time that collections from the proxy took.', of: 'collectSeconds' },
    { name: 'rows_read_total', help: 'Digest rows that were read from the proxy.', of: 'rowsRead' },
    { name: 'series', help: 'Digest series of the proxy that are exposed.', of: 'series' },
    { name: 'history_bytes', help: 'Memory that the history of the proxy takes.', of: 'historyBytes' },
  ] as const;
  for (const { name, help, of } of measures) {
    const Metric = name.endsWith('_total') ? Counter : Gauge;
    new Metric({
      name: `proxywatch_gateway_proxy_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { proxy, cost } of workers()) this.inc({ proxy: proxy.id }, cost[of]);
      },
    });
  }
}
