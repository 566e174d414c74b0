import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SinkName } from '@proxywatch/core/domain/scan/collectors';
import type { ScanBatch, ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { Sink } from '@proxywatch/core/ports/sink';

/** A sink that keeps what it took, by event id as a database does, and every delivery as Kafka does. */
export class MemorySink implements Sink {
  readonly name: SinkName;
  readonly deliveries: ScanBatch[] = [];
  readonly records = new Map<string, ScanRecord>();
  attempts = 0;
  isClosed = false;
  /** Called before a batch is taken; what it throws or rejects with is the answer. */
  before: (batch: ScanBatch, signal: AbortSignal | undefined) => unknown = () => undefined;

  constructor(name: SinkName) {
    this.name = name;
  }

  async write(batch: ScanBatch, signal?: AbortSignal): Promise<void> {
    this.attempts++;
    await this.before(batch, signal);
    this.deliveries.push(batch);
    for (const record of batch.records) this.records.set(record.eventId, record);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

export function sinkAway(): never {
  throw new ProxywatchError('SINK_UNAVAILABLE', 'the sink is away');
}
