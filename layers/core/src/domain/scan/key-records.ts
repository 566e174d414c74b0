import { eventIdOf } from './event-id.ts';
import type { KeyLogRecord } from './scan-record.ts';

interface Found {
  readonly proxy: string;
  readonly namespace: string;
  /** The interval in which it happened, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Somebody emptied the statistics of a proxy that went on running. */
export function statisticsResetRecord({ proxy, namespace, fromMs, toMs }: Found): KeyLogRecord {
  return {
    kind: 'keyLogs',
    eventId: eventIdOf('keyLogs', proxy, 'statistics-reset', Math.round(fromMs)),
    proxy,
    namespace,
    observedAtMs: Math.round(toMs),
    event: 'statistics-reset',
    severity: 'info',
    happenedAtMs: Math.round(toMs),
    message: 'somebody reset the statistics of statements',
    detail: { fromMs: Math.round(fromMs), toMs: Math.round(toMs) },
  };
}

/**
 * The proxy dropped recorded executions before anybody read them. For the collector that reads the ring: it commits this
 * together with its cursor, and it travels on the routes of key logs.
 */
export function eventsLostRecord({ proxy, namespace, fromMs, toMs }: Found, count: number): KeyLogRecord {
  return {
    kind: 'keyLogs',
    eventId: eventIdOf('keyLogs', proxy, 'events-lost', Math.round(fromMs)),
    proxy,
    namespace,
    observedAtMs: Math.round(toMs),
    event: 'events-lost',
    severity: 'warning',
    happenedAtMs: Math.round(toMs),
    message: `the proxy dropped ${count} recorded executions before they were read`,
    detail: { count, fromMs: Math.round(fromMs), toMs: Math.round(toMs) },
  };
}
