import { ProxywatchError } from '../../domain/errors.ts';
import { COLLECTORS, type CollectorName } from '../../domain/scan/collectors.ts';
import type { PendingBatch, ScanStore } from '../../ports/scan-store.ts';
import { FORGET } from '../history/history-scripts.ts';
import type { RedisArgument, RedisClient, RedisScript } from '../redis/redis-client.ts';
import { decodeOutboxRecord, encodePendingBatch, foldedBatch } from './outbox-record.ts';
import { allSinkKeysOf, scanKeysOf } from './scan-keys.ts';
import { COMMIT, HEAD, SET_BATCHES_ASIDE, SETTLE } from './scan-scripts.ts';

export interface OutboxLimits {
  /** Compressed bytes of the batches of one proxy that are not in all of their sinks. @default 4 MiB */
  readonly maxPendingBytes?: number;
  /** @default 4000 */
  readonly maxPendingBatches?: number;
}

export const OUTBOX_LIMITS = { maxPendingBytes: 4 * 2 ** 20, maxPendingBatches: 4_000 } as const;

/** One step of a load reads at most so much, or one batch. */
const STEP = { bytes: 2 ** 20, batches: 200 };
/** Stored bytes whose batches are kept unfolded, ten times as large: an outage leaves megabytes for each proxy. */
const UNFOLDED_BYTES = 2 ** 18;
/** Damaged records kept for each proxy. */
const MAX_SET_ASIDE = 500;

/** States and batches in Redis, beside the scan lease whose token every call shows. */
export function createRedisScanStore(redis: RedisClient, limits: OutboxLimits = {}): ScanStore {
  const { maxPendingBytes, maxPendingBatches } = { ...OUTBOX_LIMITS, ...limits };

  async function evaluate(
    proxyId: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    signal: AbortSignal | undefined,
  ): Promise<readonly unknown[]> {
    return checkStanding(proxyId, await redis.evaluate(script, keys, args, { signal }));
  }

  /** The records with these ids, in steps that neither Redis nor the event loop feels. */
  async function fetchRecords(outbox: string, batches: readonly SizedBatch[], signal: AbortSignal | undefined) {
    const records = new Map<string, Buffer>();
    for (const ids of stepsOf(batches)) {
      const values: unknown = await redis.call('HMGET', [outbox, ...ids], { signal, binary: true });
      ids.forEach((id, i) => {
        const value: unknown = Array.isArray(values) ? values[i] : undefined;
        if (Buffer.isBuffer(value)) records.set(id, value);
      });
    }
    return records;
  }

  return {
    async load(proxyId, token, signal) {
      const { fence, states, outbox, quarantine } = scanKeysOf(proxyId);
      const [, pairs, sizes, replaced] = await evaluate(proxyId, HEAD, [fence, states, outbox], [token], signal);
      const stored = sizedBatchesOf(sizes);
      const records: { readonly sequence: number; readonly one: PendingBatch }[] = [];
      let pendingBytes = 0;
      const damaged: string[] = [];
      for (const [id, record] of await fetchRecords(outbox, stored, signal)) {
        const decoded = decodeOutboxRecord(proxyId, id, record);
        if (!decoded) {
          damaged.push(id);
          continue;
        }
        const { batch, pending, sequence, bytes } = decoded;
        pendingBytes += bytes;
        const isKept = pendingBytes <= UNFOLDED_BYTES;
        records.push({ sequence, one: isKept ? { batch, pending } : foldedBatch(proxyId, id, record, pending) });
      }
      for (let at = 0; at < damaged.length; at += STEP.batches) {
        const args = [token, MAX_SET_ASIDE, ...damaged.slice(at, at + STEP.batches)];
        await evaluate(proxyId, SET_BATCHES_ASIDE, [fence, outbox, quarantine], args, signal);
      }
      return {
        states: statesOf(pairs),
        batches: records.sort((a, b) => a.sequence - b.sequence).map(({ one }) => one),
        pendingBytes,
        damaged: damaged.length + Number(replaced),
      };
    },

    async commit(proxyId, token, { collector, state, batches }, signal) {
      const { fence, states, outbox } = scanKeysOf(proxyId);
      const newState = state === undefined ? ['none', ''] : ['state', state];
      const args = [
        token,
        maxPendingBytes,
        maxPendingBatches,
        collector,
        ...newState,
        ...batches.flatMap(encodePendingBatch),
      ];
      const [kind] = await evaluate(proxyId, COMMIT, [fence, states, outbox], args, signal);
      if (kind === 'full') throw outboxFull(proxyId);
    },

    async settle(proxyId, token, batchId, sinks, signal) {
      const { fence, outbox } = scanKeysOf(proxyId);
      await evaluate(proxyId, SETTLE, [fence, outbox], [token, batchId, ...sinks], signal);
    },

    async forget(proxyId, token, signal) {
      const { fence, states, outbox } = scanKeysOf(proxyId);
      const reply = await redis.evaluate(FORGET, [fence, states, outbox, ...allSinkKeysOf(proxyId)], [token], {
        signal,
      });
      checkStanding(proxyId, reply);
    },
  };
}

/** What a commit rejects with when there is no room for it. */
export function outboxFull(proxyId: string): ProxywatchError {
  return new ProxywatchError('SINK_FULL', `too much that was read from ${proxyId} has not reached its sinks yet`);
}

/** The reply of a fenced script, unless it says that somebody else has the proxy, or that Redis lost what it held. */
export function checkStanding(proxyId: string, reply: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (parts[0] === 'fenced') throw new ProxywatchError('STORE_FENCED', `another run of the scanner has ${proxyId}`);
  if (parts[0] === 'lost') {
    const message = `redis came back without what it held of ${proxyId}: its scan lease must be taken again`;
    throw new ProxywatchError('STORE_UNAVAILABLE', message);
  }
  return parts;
}

interface SizedBatch {
  readonly id: string;
  readonly bytes: number;
}

function sizedBatchesOf(reply: unknown): SizedBatch[] {
  return pairsOf(reply).map(([id, bytes]) => ({ id, bytes: Number(bytes) }));
}

function statesOf(reply: unknown): ReadonlyMap<CollectorName, string> {
  const states = new Map(pairsOf(reply));
  return new Map(
    COLLECTORS.flatMap((name) => {
      const state = states.get(name);
      return state === undefined ? [] : [[name, state] as const];
    }),
  );
}

function pairsOf(reply: unknown): [string, string][] {
  const flat: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([String(flat[i]), String(flat[i + 1])]);
  return pairs;
}

function* stepsOf(batches: readonly SizedBatch[]): Iterable<string[]> {
  let ids: string[] = [];
  let sum = 0;
  for (const { id, bytes } of batches) {
    if (ids.length >= STEP.batches || (ids.length > 0 && sum + bytes > STEP.bytes)) {
      yield ids;
      [ids, sum] = [[], 0];
    }
    ids.push(id);
    sum += bytes;
  }
  if (ids.length > 0) yield ids;
}
