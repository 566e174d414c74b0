import { ProxywatchError } from '../../domain/errors.ts';
import type { HistoryBatch, Records, StoredHistory } from '../../domain/history/stored-history.ts';
import type { HistoryWrite, Saved, StoredHistories } from '../../ports/history-store.ts';
import { type KeyScope, proxyTagOf } from '../redis/proxy-keys.ts';
import type { RedisArgument, RedisClient, RedisScript } from '../redis/redis-client.ts';
import { FETCH_ROWS, FORGET, HEAD, SAVE, SET_ASIDE, SWEEP } from './history-scripts.ts';
import { limitCalls } from './limited-redis.ts';
import { type Calls, StoreTraffic } from './store-traffic.ts';

/** Fields and values in one list for Lua, whose `unpack` takes some thousands. */
const PAIRS_PER_LIST = 1_000;
/** Fields per step of a load, a fetch or a sweep, so that neither Redis nor the event loop stands still for a large history. */
const FIELDS_PER_STEP = 1_000;
/** A record takes 3 to 4 µs of Redis' time (measured with 100,000 and 400,000): thirty times as long is a fault. */
const WRITE_LIMIT_MS = { base: 2_000, perRecord: 0.1 };
/** Damaged records kept for each proxy. */
const MAX_SET_ASIDE = 500;

type HistoryKeys = ReturnType<typeof historyKeysOf>;

/** The keys of one proxy's history. None has a time to live: a managed Redis may evict keys that have one. */
export function historyKeysOf(proxyId: string, scope?: KeyScope) {
  const tag = proxyTagOf(proxyId, scope);
  return {
    fence: `${tag}:fence`,
    meta: `${tag}:meta`,
    rows: `${tag}:rows`,
    series: `${tag}:series`,
    errors: `${tag}:errors`,
    quarantine: `${tag}:quarantine`,
  };
}

/**
 * Histories in Redis: three hashes of records per proxy, and one of what concerns all of them. Calls end here after a
 * time that fits their size, so the client's own limit should be some seconds longer than that of a small call.
 */
export function createRedisHistoryStore(client: RedisClient, scope?: KeyScope): StoredHistories {
  const keysOf = (proxyId: string) => historyKeysOf(proxyId, scope);
  const traffic = new StoreTraffic(limitCalls(client));
  return {
    traffic: traffic.counted,

    async load(proxyId, signal): Promise<StoredHistory | undefined> {
      const { meta, series, errors } = keysOf(proxyId);
      const redis = traffic.of('load');
      const { head, records } = (await fetchHead(redis, keysOf(proxyId), signal)) ?? {};
      if (head === undefined) return undefined;
      // Of the scanner's histories that is all.
      if (records === 0) return { ...head, series: new Map(), errors: new Map() };
      const history = {
        ...head,
        series: await fetchHash(redis, series, signal),
        errors: await fetchHash(redis, errors, signal),
      };
      // Only the holder of its lease writes a history, but a Redis can be emptied at any moment.
      if (String((await redis.call('HGET', [meta, 'revision'], { signal })) ?? '') !== head.revision) {
        throw new ProxywatchError('STORE_UNAVAILABLE', `the history of ${proxyId} changed while it was being loaded`);
      }
      return history;
    },

    async fetchRows(proxyId, { token, revision }, keys, signal) {
      const { fence, meta, rows } = keysOf(proxyId);
      const records: (string | undefined)[] = [];
      for (let at = 0; at < keys.length; at += FIELDS_PER_STEP) {
        const args = [token, revision, ...keys.slice(at, at + FIELDS_PER_STEP)];
        const reply = await traffic.of('fetch-rows').evaluate(FETCH_ROWS, [fence, meta, rows], args, { signal });
        const [, values] = unfenced(proxyId, reply);
        if (!Array.isArray(values)) return { kind: 'lost' };
        for (const value of values) records.push(typeof value === 'string' ? value : undefined);
      }
      return { kind: 'fetched', records };
    },

    async save(proxyId, write, signal) {
      const { keys, head, lists, limitMs } = saveRequestOf(keysOf(proxyId), write);
      const reply = await traffic.of('save').evaluate(SAVE, keys, [...head, ...lists], { signal, limitMs });
      return savedOf(unfenced(proxyId, reply));
    },

    async sweepRows(proxyId, token, { cursor, touchedBeforeS }, signal) {
      const { fence, meta, rows, series, errors, quarantine } = keysOf(proxyId);
      const keys = [fence, meta, rows, series, errors, quarantine];
      const args = [token, cursor, FIELDS_PER_STEP, Math.floor(touchedBeforeS), MAX_SET_ASIDE];
      const reply = unfenced(proxyId, await traffic.of('sweep').evaluate(SWEEP, keys, args, { signal }));
      const [kind, next, dropped, damaged] = reply;
      if (kind !== 'swept') return { cursor: '0', dropped: [], damaged: [] };
      return { cursor: String(next), dropped: asTexts(dropped), damaged: asTexts(damaged) };
    },

    async setAside(proxyId, token, records, signal) {
      const { fence, quarantine } = keysOf(proxyId);
      const pairs = [...records].slice(0, MAX_SET_ASIDE).flat();
      const args = [token, MAX_SET_ASIDE, ...pairs];
      await fencedCall(proxyId, traffic.of('set-aside'), SET_ASIDE, [fence, quarantine], args, signal);
    },

    async forget(proxyId, token, signal) {
      const { fence, ...others } = keysOf(proxyId);
      await fencedCall(proxyId, traffic.of('forget'), FORGET, [fence, ...Object.values(others)], [token], signal);
    },
  };
}

/** What a save script takes: `head` and `lists` are its arguments, `limitMs` is how long it may take. */
export function saveRequestOf({ fence, meta, rows, series, errors }: HistoryKeys, write: HistoryWrite) {
  const { token, revision = '', readAgeMs, batch } = write;
  const deleted = JSON.stringify([batch.deletedRows, batch.deletedSeries]);
  return {
    keys: [fence, meta, rows, series, errors],
    head: [token, revision, batch.replaces, batch.meta, Math.ceil(readAgeMs * 1000), deleted],
    lists: [...listsOf('3', batch.rows), ...listsOf('4', batch.series), ...listsOf('5', batch.errors)],
    limitMs: WRITE_LIMIT_MS.base + WRITE_LIMIT_MS.perRecord * sizeOf(batch),
  };
}

/** The reply of a save script that nobody fenced off. */
export function savedOf(reply: readonly unknown[]): Saved {
  const [kind, revision, storedRows] = asTexts(reply);
  if (kind !== 'saved' || revision === undefined) return { kind: 'lost' };
  return { kind, revision, storedRows: Number(storedRows) };
}

async function fetchHead(redis: Calls, keys: HistoryKeys, signal: AbortSignal | undefined) {
  const reply = await redis.evaluate(HEAD, [keys.meta, keys.rows, keys.series, keys.errors], [], { signal });
  if (!Array.isArray(reply)) return undefined;
  const [meta = '', metaCopy = '', revision = '', ageMs, written = '', holds = ''] = asTexts(reply);
  const [rows = 0, series = 0, errors = 0] = holds.split(',').map(Number);
  const [writtenRows = 0, writtenSeries = 0, writtenErrors = 0] = written.split(',').map(Number);
  const head = {
    meta,
    metaCopy,
    revision,
    ageMs: Math.max(0, Number(ageMs) || 0),
    storedRows: rows,
    missing: {
      rows: Math.max(0, writtenRows - rows),
      series: Math.max(0, writtenSeries - series),
      errors: Math.max(0, writtenErrors - errors),
    },
  };
  // Records that are to be fetched besides.
  return { head, records: series + errors };
}

async function fencedCall(
  proxyId: string,
  redis: Calls,
  script: RedisScript,
  keys: readonly string[],
  args: readonly RedisArgument[],
  signal: AbortSignal | undefined,
): Promise<void> {
  unfenced(proxyId, await redis.evaluate(script, keys, args, { signal }));
}

export function unfenced(proxyId: string, reply: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (parts[0] !== 'fenced') return parts;
  throw new ProxywatchError('STORE_FENCED', `the history of ${proxyId} has another writer`);
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

function sizeOf({ rows, deletedRows, series, deletedSeries, errors }: HistoryBatch): number {
  return rows.size + deletedRows.length + series.size + deletedSeries.length + errors.size;
}

async function fetchHash(redis: Calls, key: string, signal: AbortSignal | undefined): Promise<Records> {
  const records = new Map<string, string>();
  let cursor = '0';
  do {
    const reply: unknown = await redis.call('HSCAN', [key, cursor, 'COUNT', FIELDS_PER_STEP], { signal });
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
