import type { CollectorName, SinkName } from '@proxywatch/core/domain/scan/collectors';
import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import type { KeyLogRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import type { ScanFailures } from '@proxywatch/core/ports/scan-failures';
import type { Collect } from '../../../../../functions/scanner/collect/collect.ts';
import type {
  CollectContext,
  Collector,
  CollectSettings,
} from '../../../../../functions/scanner/collect/collect-context.ts';
import { keyLogsCollector } from '../../../../../functions/scanner/collect/collectors/key-logs.ts';
import { sqlErrorsCollector } from '../../../../../functions/scanner/collect/collectors/sql-errors.ts';
import { statusCollector } from '../../../../../functions/scanner/collect/collectors/status.ts';
import { type CollectParts, createCollect } from '../../../../../functions/scanner/collect/create-collect.ts';
import { MemoryScanStore } from '../../../../support/memory-scan-store.ts';
import { MemorySink } from '../../../../support/memory-sink.ts';
import { CLOCK, createTestLog } from '../../gateway/test-worker.ts';
import { PROXY, ScannedProxy } from './scanned-proxy.ts';

export const SETTINGS: CollectSettings = {
  slowSqlMs: 1_000,
  slowTransactionMs: 5_000,
  showLiterals: false,
  sampleMs: 2_000,
  sqlStatsTopN: 200,
  maxRecords: 1_000,
};

export class NotedFailures implements Pick<ScanFailures, 'noteFailure' | 'noteSuccess'> {
  readonly notes: string[] = [];

  async noteFailure(id: string, { code }: { readonly code: string }): Promise<void> {
    this.notes.push(`${id}: ${code}`);
  }

  async noteSuccess(id: string): Promise<void> {
    this.notes.push(`${id}: ok`);
  }
}

export function createTestScanner(parts: Partial<CollectParts> = {}) {
  const proxy = new ScannedProxy();
  const store = new MemoryScanStore();
  const [redis, dcdb, kafka] = [new MemorySink('redis'), new MemorySink('dcdb'), new MemorySink('kafka')];
  const failures = new NotedFailures();
  const log = createTestLog();
  const collectors = [statusCollector, sqlErrorsCollector, keyLogsCollector];
  const collect = createCollect({
    memberId: 'test',
    leases: store.leases,
    store,
    failures,
    sinks: new Map<SinkName, MemorySink>([redis, dcdb, kafka].map((sink) => [sink.name, sink])),
    credentials: { fetchCredential: async (reference) => ({ user: reference, password: reference }) },
    drivers: new Map([[proxy.kind, proxy]]),
    collectors: new Map(collectors.map((collector) => [collector.name, collector])),
    routes: {
      status: ['redis'],
      sqlStats: ['dcdb'],
      sqlErrors: ['dcdb'],
      slowSql: ['kafka', 'dcdb'],
      slowTransactions: ['kafka', 'dcdb'],
      keyLogs: ['kafka', 'dcdb'],
    },
    settingsOf: () => SETTINGS,
    connectTimeoutMs: 5_000,
    maxPendingBytes: 1_000_000,
    proxiesAtOnce: 25,
    log,
    clock: CLOCK,
    close: async () => undefined,
    ...parts,
  });
  return { proxy, store, redis, dcdb, kafka, failures, log, collect };
}

/** A request for one proxy, or some; its window is over when it begins unless a test gives it one. */
export function requestFor(
  collectors: readonly CollectorName[],
  { windowMs = 0, proxies = [PROXY.id] }: { readonly windowMs?: number; readonly proxies?: readonly string[] } = {},
): CollectRequest {
  const due = proxies.map((id) => ({ proxy: { ...PROXY, id }, collectors }));
  return { version: 1, tickMs: Date.now(), windowMs, proxies: due };
}

/** The report of the first proxy of a request. */
export async function collectOnce(
  collect: Collect,
  request: CollectRequest,
  { signal = new AbortController().signal, limitMs = 60_000 } = {},
) {
  const { proxies } = await collect.collect(request, signal, Date.now() + limitMs);
  return proxies[0]!;
}

/** An event that a test makes up; the same name is the same event. */
export function eventOf(name: string): KeyLogRecord {
  return {
    kind: 'keyLogs',
    eventId: eventIdOf('test', name),
    proxy: PROXY.id,
    namespace: PROXY.namespace,
    observedAtMs: 1,
    event: 'message',
    severity: 'info',
    happenedAtMs: 1,
    message: name,
    detail: {},
  };
}

/** A collector that does as the test says. */
export function collectorOf(name: CollectorName, collect: (context: CollectContext) => Promise<void>): Collector {
  return { name, collect };
}

/** Stands for all that counts: each run finds the next event, and its state is how many there were. */
export function countingCollector(name: CollectorName = 'keyLogs'): Collector {
  return collectorOf(name, async (context) => {
    const next = Number(context.state ?? 0) + 1;
    await context.commit({ state: String(next), records: [eventOf(`event ${next}`)] });
  });
}

export function collectorsOf(...collectors: readonly Collector[]): ReadonlyMap<CollectorName, Collector> {
  return new Map(collectors.map((collector) => [collector.name, collector]));
}

/** The events that a sink has, in the order in which they came. */
export function messagesIn({ deliveries }: MemorySink): readonly string[] {
  return deliveries.flatMap(({ records }) => records.map((record) => ('message' in record ? record.message : '')));
}
