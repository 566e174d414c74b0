import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import { Counter, type Registry } from 'prom-client';

/** Calls and bytes that histories cost their store, by kind of operation. */
export function observeTraffic(traffic: HistoryStore['traffic'], registry: Registry): void {
  const registers = [registry];
  new Counter({
    name: 'proxywatch_gateway_history_operations_total',
    help: 'Calls to the store of histories, by operation.',
    labelNames: ['operation'],
    registers,
    collect() {
      this.reset();
      for (const [operation, { calls }] of traffic) this.inc({ operation }, calls);
    },
  });
  new Counter({
    name: 'proxywatch_gateway_history_transferred_bytes_total',
    help: 'Payload of calls to the store of histories, by operation and direction.',
    labelNames: ['operation', 'direction'],
    registers,
    collect() {
      this.reset();
      for (const [operation, { sentBytes, receivedBytes }] of traffic) {
        this.inc({ operation, direction: 'sent' }, sentBytes);
        this.inc({ operation, direction: 'received' }, receivedBytes);
      }
    },
  });
}
