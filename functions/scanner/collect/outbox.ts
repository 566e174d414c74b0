import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CollectorName, SinkName } from '@proxywatch/core/domain/scan/collectors';
import { eventIdOf } from '@proxywatch/core/domain/scan/event-id';
import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { PendingBatch, ScanStore } from '@proxywatch/core/ports/scan-store';
import { bounded } from '../../collection/bounded.ts';
import type { CollectContext, Found, ScanClock } from './collect-context.ts';
import type { Delivery } from './delivery.ts';

export type Routes = Readonly<Record<CollectorName, readonly SinkName[]>>;

export interface OutboxOptions {
  readonly proxy: RegisteredProxy;
  readonly token: string;
  readonly store: Pick<ScanStore, 'commit'>;
  readonly delivery: Delivery;
  readonly routes: Routes;
  readonly clock: ScanClock;
  readonly signal: AbortSignal;
}

/** What one proxy's run found goes through here: persisted first, then on its way to the sinks. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #records = new Map<CollectorName, number>();
  #batches = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Records that the collector has found in this run. */
  recordsOf(collector: CollectorName): number {
    return this.#records.get(collector) ?? 0;
  }

  /** See CollectContext; records of another kind than the collector's travel on the routes of their own. */
  async commit(collector: CollectorName, { state, records }: Found): Promise<void> {
    const batches = [...Map.groupBy(records, ({ kind }) => kind)]
      .map(([kind, ofKind]) => this.#batchOf(kind, ofKind))
      .filter((batch) => batch !== undefined);
    // What a proxy is like now is of no use tomorrow.
    const [fleeting, kept] = [batches.filter(isFleeting), batches.filter((batch) => !isFleeting(batch))];
    if (state !== undefined || kept.length > 0) await this.#persist(collector, state, kept);
    this.#noteRecords(collector, records);
    await Promise.all(fleeting.map((batch) => this.#options.delivery.writeOnce(batch)));
  }

  /** See CollectContext. */
  async commitWith(
    collector: CollectorName,
    records: readonly ScanRecord[],
    persist: Parameters<CollectContext['commitWith']>[1],
  ): Promise<void> {
    const batch = this.#batchOf(collector, records);
    await persist(batch);
    this.#noteRecords(collector, records);
    if (batch) this.#options.delivery.add([batch]);
  }

  async #persist(collector: CollectorName, state: string | undefined, batches: readonly PendingBatch[]): Promise<void> {
    const { proxy, token, store, signal } = this.#options;
    const commit = store.commit(proxy.id, token, { collector, state, batches }, signal);
    await bounded(commit, signal, { code: 'STORE_UNAVAILABLE', what: `committing ${collector}` });
    this.#options.delivery.add(batches);
  }

  #batchOf(collector: CollectorName, records: readonly ScanRecord[]): PendingBatch | undefined {
    const { proxy, token, routes, clock } = this.#options;
    const pending = routes[collector];
    if (records.length === 0 || pending.length === 0) return undefined;
    const id = eventIdOf('batch', proxy.id, collector, token, ++this.#batches);
    const { id: proxyId, namespace } = proxy;
    const observedAtMs = Math.round(clock.wallMs());
    return { batch: { id, proxy: proxyId, namespace, collector, observedAtMs, records }, pending };
  }

  #noteRecords(collector: CollectorName, records: readonly ScanRecord[]): void {
    this.#records.set(collector, this.recordsOf(collector) + records.length);
  }
}

function isFleeting({ batch }: PendingBatch): boolean {
  return batch.collector === 'status';
}
