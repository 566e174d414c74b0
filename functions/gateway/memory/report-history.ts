import type { Log } from '@proxywatch/core/ports/log';
import type { HistoryEvents } from '../../collection/history-events.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';

/** Damaged records of one occasion that are named in the log; the others are counted there. */
const MAX_NAMED = 3;

/** Tells metrics and log what becomes of histories. */
export function reportHistory(metrics: GatewayMetrics, log: Log): Omit<HistoryEvents, 'stored'> {
  return {
    restored: (rows) => metrics.restoredRows.inc(rows),
    damaged(proxy, damage, isBegunAnew) {
      for (const { kind } of damage) metrics.damagedRecords.inc({ kind });
      for (const { kind, key, why } of damage.slice(0, MAX_NAMED)) {
        log.error('history record cannot be read and is set aside', { proxy, kind, key, problem: why });
      }
      if (damage.length > MAX_NAMED) log.error('more history records cannot be read', { proxy, count: damage.length });
      if (isBegunAnew)
        log.error('the history begins anew from what the proxy says: its series may fall once', { proxy });
    },
    forgotten(proxy, rows, reason) {
      metrics.forgottenRows.inc({ reason }, rows);
      if (reason !== 'retention') log.warn('last values of rows are not known any more', { proxy, rows, reason });
    },
  };
}
