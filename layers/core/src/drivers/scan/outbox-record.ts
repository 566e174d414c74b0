import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { ProxywatchError } from '../../domain/errors.ts';
import { COLLECTORS, SINKS, type SinkName } from '../../domain/scan/collectors.ts';
import type { ScanBatch } from '../../domain/scan/scan-record.ts';
import type { PendingBatch } from '../../ports/scan-store.ts';

/** What a damaged or forged record may unfold to; real ones are far smaller. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
/** `<version>;<sequence>;<sinks that do not have it>;`, then the batch as JSON in gzip, which carries a checksum. */
const HEAD = /^1;(\d{1,15});([a-z,]*);/;
/** Longer than any head. */
const HEAD_BYTES = 64;

export interface OutboxRecord extends PendingBatch {
  /** Rises with each batch. */
  readonly sequence: number;
  /** As it is stored. */
  readonly bytes: number;
}

/**
 * A batch for the outbox: its field, and its value as the Lua function `append` of OUTBOX takes it, which puts the version
 * and the sequence in front.
 */
export function encodePendingBatch({ batch, pending }: PendingBatch): [field: string, value: Buffer] {
  // The fastest level: JSON of records shrinks to a tenth with any.
  const body = gzipSync(JSON.stringify(batch), { level: constants.Z_BEST_SPEED });
  return [batch.id, Buffer.concat([Buffer.from(`${pending.join(',')};`), body])];
}

/** The batch of a record of the outbox; `undefined` when it cannot be read, or is not what its field says. */
export function decodeOutboxRecord(proxyId: string, field: string, record: Buffer): OutboxRecord | undefined {
  const [head, sequence, names = ''] = HEAD.exec(record.toString('latin1', 0, HEAD_BYTES)) ?? [];
  const pending = names.split(',').filter(isSink);
  if (head === undefined || pending.length === 0) return undefined;
  const batch = parseBody(record.subarray(head.length));
  return isBatchOf(batch, proxyId, field)
    ? { batch, pending, sequence: Number(sequence), bytes: record.length }
    : undefined;
}

/**
 * A batch that was decoded once, from then on as the record it came from: unfolded anew each time that it is looked at, and
 * nothing but the record in between.
 */
export function foldedBatch(
  proxyId: string,
  field: string,
  record: Buffer,
  pending: PendingBatch['pending'],
): PendingBatch {
  return {
    get batch() {
      const decoded = decodeOutboxRecord(proxyId, field, record);
      if (!decoded) throw new ProxywatchError('RECORD_DAMAGED', `batch ${field} of ${proxyId} cannot be read any more`);
      return decoded.batch;
    },
    pending,
  };
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(gunzipSync(body, { maxOutputLength: MAX_JSON_BYTES }).toString());
  } catch {
    return undefined;
  }
}

/** The checksum says that we wrote it: whose it is remains to be seen. */
function isBatchOf(value: unknown, proxyId: string, id: string): value is ScanBatch {
  if (typeof value !== 'object' || value === null) return false;
  const { id: ownId, proxy, collector, records }: Partial<Record<keyof ScanBatch, unknown>> = value;
  const isKnown = COLLECTORS.some((name) => name === collector);
  return ownId === id && proxy === proxyId && isKnown && Array.isArray(records);
}

function isSink(name: string): name is SinkName {
  return SINKS.some((sink) => sink === name);
}
