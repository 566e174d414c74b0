import { ProxywatchError } from '../../domain/errors.ts';
import type { HistoryBatch, Records, StoredHistory } from '../../domain/history/stored-history.ts';
import type { HistoryStore, Saved } from '../../ports/history-store.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { CLAIM, HEAD, SAVE } from './history-scripts.ts';
import { type LimitedRedis, limitCalls } from './limited-redis.ts';

/** Fields and values in one list for Lua, whose `unpack` takes some thousands. */
const PAIRS_PER_LIST = 1_000;
/** Fields per step of a load, so that neither Redis nor the event loop stands still for a large history. */
const SCAN_COUNT = 1_000;
/** A record takes 3 to 4 µs of Redis' time (measured with 100,000 and 400,000): thirty times as long is a fault. */
const WRITE_LIMIT_MS = { base: 2_000, perRecord: 0.1 };

/** The keys of one proxy's history. None has a time to live: a managed Redis may evict keys that have one. */
export function historyKeysOf(proxyId: string) {
  const tag = `{pw:${encodeURIComponent(proxyId)}}`;
  return {
    fence: `${tag}:fence`,
    meta: `${tag}:meta`,
    rows: `${tag}:rows`,
    series: `${tag}:series`,
    errors: `${tag}:errors`,
  };
}

/**
 * Histories in Redis: three hashes of records per proxy, and one of what concerns all of them. Calls end here after a
 * time that fits their size, so the client's own limit should be some seconds longer than that of a small call.
 */
export function createRedisHistoryStore(client: RedisClient): HistoryStore {
  const redis = limitCalls(client);
  return {
    async claim(proxyId, signal) {
      return String(await redis.evaluate(CLAIM, [historyKeysOf(proxyId).fence], [], { signal }));
    },

    async load(proxyId, signal): Promise<StoredHistory | undefined> {
      const { meta, rows, series, errors } = historyKeysOf(proxyId);
      const head = await fetchHead(redis, proxyId, signal);
      if (head === undefined) return undefined;
      const history = {
        ...head,
        rows: await fetchHash(redis, rows, signal),
        series: await fetchHash(redis, series, signal),
        errors: await fetchHash(redis, errors, signal),
      };
      // Only its claimer writes a history, but a Redis can be emptied at any moment. Rows that are missing then would be
      // taken for new ones, and count twice.
      if ((await redis.call('HGET', [meta, 'revision'], { signal })) !== head.revision) {
        throw new ProxywatchError('STORE_UNAVAILABLE', `the history of ${proxyId} changed while it was being loaded`);
      }
      return history;
    },

    async save(proxyId, { token, revision = '', readAgeMs, batch }, signal): Promise<Saved> {
      const { fence, meta, rows, series, errors } = historyKeysOf(proxyId);
      const lists = [...listsOf('3', batch.rows), ...listsOf('4', batch.series), ...listsOf('5', batch.errors)];
      const head = [token, revision, batch.replaces, batch.meta, Math.ceil(readAgeMs * 1000)];
      const args = [...head, JSON.stringify(batch.deletedRows), ...lists];
      const limitMs = WRITE_LIMIT_MS.base + WRITE_LIMIT_MS.perRecord * sizeOf(batch);
      const reply = await redis.evaluate(SAVE, [fence, meta, rows, series, errors], args, { signal, limitMs });
      const [kind, newRevision] = asTexts(reply);
      if (kind === 'saved' && newRevision !== undefined) return { kind, revision: newRevision };
      if (kind === 'fenced') throw new ProxywatchError('STORE_FENCED', `the history of ${proxyId} has another writer`);
      return { kind: 'lost' };
    },
  };
}

async function fetchHead(redis: LimitedRedis, proxyId: string, signal: AbortSignal | undefined) {
  const keys = historyKeysOf(proxyId);
  const reply = await redis.evaluate(HEAD, [keys.meta, keys.rows, keys.series, keys.errors], [], { signal });
  if (!Array.isArray(reply)) return undefined;
  const [meta = '', revision = '', ageMs, written, held] = asTexts(reply);
  if (written !== held) {
    throw new ProxywatchError('RECORD_DAMAGED', `the history of ${proxyId} holds ${held} of ${written} records`);
  }
  return { meta, revision, ageMs: Math.max(0, Number(ageMs)) };
}

/** Arguments of SAVE for one hash. */
function* listsOf(key: string, records: Records): Iterable<string> {
  let list: string[] = [];
  for (const [field, record] of records) {
    list.push(field, record);
    if (list.length < 2 * PAIRS_PER_LIST) continue;
    yield key;
    yield JSON.stringify(list);
    list = [];
  }
  if (list.length === 0) return;
  yield key;
  yield JSON.stringify(list);
}

function sizeOf({ rows, deletedRows, series, errors }: HistoryBatch): number {
  return rows.size + deletedRows.length + series.size + errors.size;
}

async function fetchHash(redis: LimitedRedis, key: string, signal: AbortSignal | undefined): Promise<Records> {
  const records = new Map<string, string>();
  let cursor = '0';
  do {
    const reply: unknown = await redis.call('HSCAN', [key, cursor, 'COUNT', SCAN_COUNT], { signal });
    const [next, flat]: unknown[] = Array.isArray(reply) ? reply : [];
    const fields = asTexts(flat);
    for (let i = 0; i + 1 < fields.length; i += 2) records.set(fields[i] ?? '', fields[i + 1] ?? '');
    cursor = String(next ?? '0');
  } while (cursor !== '0');
  return records;
}

function asTexts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
