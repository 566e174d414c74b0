import { ProxywatchError } from '../../domain/errors.ts';
import type { Records, StoredHistory } from '../../domain/history/stored-history.ts';
import type { HistoryStore, Saved } from '../../ports/history-store.ts';
import type { CallOptions, RedisClient } from '../redis/redis-client.ts';
import { CLAIM, HEAD, SAVE } from './history-scripts.ts';

/** Fields and values in one list for Lua, whose `unpack` takes some thousands. */
const PAIRS_PER_LIST = 1_000;
/** Fields per step of a load, so that neither Redis nor the event loop stands still for a large history. */
const SCAN_COUNT = 1_000;

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

/** Histories in Redis: three hashes of records per proxy, and one of what concerns all of them. */
export function createRedisHistoryStore(redis: RedisClient): HistoryStore {
  return {
    async claim(proxyId, signal) {
      return String(await redis.evaluate(CLAIM, [historyKeysOf(proxyId).fence], [], { signal }));
    },

    async load(proxyId, signal): Promise<StoredHistory | undefined> {
      const keys = historyKeysOf(proxyId);
      const head = await redis.evaluate(HEAD, [keys.meta], [], { signal });
      if (!Array.isArray(head)) return undefined;
      const [meta, revision, ageMs] = head.map(String);
      return {
        meta: meta ?? '',
        revision: revision ?? '',
        ageMs: Math.max(0, Number(ageMs)),
        rows: await fetchHash(redis, keys.rows, { signal }),
        series: await fetchHash(redis, keys.series, { signal }),
        errors: await fetchHash(redis, keys.errors, { signal }),
      };
    },

    async save(proxyId, token, revision = '', batch, signal): Promise<Saved> {
      const keys = historyKeysOf(proxyId);
      const lists = [...listsOf('3', batch.rows), ...listsOf('4', batch.series), ...listsOf('5', batch.errors)];
      const args = [token, revision, batch.replaces, batch.meta, JSON.stringify(batch.deletedRows), ...lists];
      const reply = await redis.evaluate(SAVE, [keys.fence, keys.meta, keys.rows, keys.series, keys.errors], args, {
        signal,
      });
      const [kind, newRevision] = Array.isArray(reply) ? reply.map(String) : [];
      if (kind === 'saved' && newRevision !== undefined) return { kind, revision: newRevision };
      if (kind === 'fenced') throw new ProxywatchError('STORE_FENCED', `the history of ${proxyId} has another writer`);
      return { kind: 'lost' };
    },
  };
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

async function fetchHash(redis: RedisClient, key: string, options: CallOptions): Promise<Records> {
  const records = new Map<string, string>();
  let cursor = '0';
  do {
    const reply: unknown = await redis.call('HSCAN', [key, cursor, 'COUNT', SCAN_COUNT], options);
    const [next, flat]: unknown[] = Array.isArray(reply) ? reply : [];
    const fields = Array.isArray(flat) ? flat.map(String) : [];
    for (let i = 0; i + 1 < fields.length; i += 2) records.set(fields[i] ?? '', fields[i + 1] ?? '');
    cursor = String(next ?? '0');
  } while (cursor !== '0');
  return records;
}
