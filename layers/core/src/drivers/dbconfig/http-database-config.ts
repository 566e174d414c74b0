import type { z } from 'zod';
import { configError } from '../../config/config-error.ts';
import { checkJson } from '../../config/parse-json.ts';
import { errorCodeOf, ProxywatchError } from '../../domain/errors.ts';
import type { DatabaseConfig, Dated } from '../../ports/database-config.ts';
import type { Log } from '../../ports/log.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { createAnswerMemory } from './answer-memory.ts';
import {
  changesAnswer,
  clusterAnswer,
  clustersAnswer,
  instancesAnswer,
  isClusterId,
  isCursor,
} from './service-answers.ts';
import { createServiceLink } from './service-link.ts';

export interface HttpDatabaseConfigOptions {
  /** Of the service; paths of its API are put behind it. */
  readonly url: string;
  /** Remembers answers for when the service is away. */
  readonly redis: RedisClient;
  /** Shown to the service and to nobody else. */
  readonly token?: string | undefined;
  /** Longest for an answer, with all attempts. @default 5000 */
  readonly timeoutMs?: number;
  /** Longest for one attempt. @default 2000 */
  readonly attemptTimeoutMs?: number;
  /** @default 3 */
  readonly maxAttempts?: number;
  /** Longer answers are refused. @default 4 MiB */
  readonly maxAnswerBytes?: number;
  /** How old an answer may be that stands in for the service. @default 24 hours */
  readonly maxStaleMs?: number;
  /** Longest that remembering may take. @default 500 */
  readonly memoryTimeoutMs?: number;
  readonly log?: Log | undefined;
  /** @default - performance.now */
  readonly nowMs?: () => number;
  /** @default - Math.random */
  readonly random?: () => number;
}

interface Request<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** Statuses that say that there is no such thing. */
  readonly missing: readonly number[];
  /** What it is remembered as; `undefined`: not at all. */
  readonly name: string | undefined;
}

/**
 * The database configuration service over HTTP, see docs/dbconfig.openapi.json. Every answer is asked for; what was
 * answered before spares its transfer (ETag), and stands in when the service cannot be reached. Throws CONFIG_INVALID for
 * a URL that cannot be used.
 */
export function createHttpDatabaseConfig(options: HttpDatabaseConfigOptions): DatabaseConfig {
  const { redis, token, log, maxStaleMs = 86_400_000, memoryTimeoutMs = 500 } = options;
  const base = baseOf(options.url);
  const attemptTimeoutMs = options.attemptTimeoutMs ?? 2_000;
  const link = createServiceLink({
    timeoutMs: options.timeoutMs ?? 5_000,
    attemptTimeoutMs,
    maxAttempts: options.maxAttempts ?? 3,
    maxAnswerBytes: options.maxAnswerBytes ?? 4 << 20,
    retry: { baseMs: 100, maxMs: 1_000 },
    breaker: { failureThreshold: 5, baseMs: 1_000, maxMs: 30_000, trialMs: 2 * attemptTimeoutMs },
    nowMs: options.nowMs ?? (() => performance.now()),
    random: options.random ?? Math.random,
  });
  const memory = createAnswerMemory(redis, {
    source: base.href,
    maxAgeMs: maxStaleMs,
    timeoutMs: memoryTimeoutMs,
    log,
  });

  async function recall<T>(name: string | undefined, schema: z.ZodType<T>, signal: AbortSignal | undefined) {
    const held = name === undefined ? undefined : await memory.recall(name, signal);
    if (held === undefined) return undefined;
    const parsed = checkJson(schema, held.text);
    return 'value' in parsed ? { ...held, value: parsed.value } : undefined;
  }

  async function fetchAnswer<T>(request: Request<T>, signal: AbortSignal | undefined): Promise<Dated<T | undefined>> {
    const { path, schema, missing, name } = request;
    const held = await recall(name, schema, signal);
    try {
      const reply = await link.ask({ url: new URL(path, base), token, etag: held?.etag, missing }, signal);
      if (reply.kind === 'missing') {
        if (name !== undefined && held !== undefined) await memory.forget(name, signal);
        return fresh(undefined);
      }
      if (reply.kind === 'unchanged') {
        // A 304 answers an ETag only, and that came with what we hold.
        if (name !== undefined && held?.etag !== undefined) await memory.confirm(name, held.etag, signal);
        return fresh(held?.value);
      }
      const value = parseAnswer(schema, reply.text, path);
      if (name !== undefined) await memory.remember(name, reply.text, reply.etag, signal);
      return fresh(value);
    } catch (error) {
      if (errorCodeOf(error) !== 'SERVICE_UNREACHABLE' || held === undefined) throw error;
      return aged(held.value, held.ageMs);
    }
  }

  async function fetchCluster(id: string, signal: AbortSignal | undefined) {
    const name = `cluster:${encodeURIComponent(id)}`;
    try {
      return await fetchAnswer({ path: clusterPath(id), schema: clusterAnswer, missing: [404], name }, signal);
    } catch (error) {
      if (errorCodeOf(error) !== 'SERVICE_UNREACHABLE') throw error;
      const all = await recall('clusters', clustersAnswer, signal);
      if (all === undefined) throw error;
      const found = all.value.find((cluster) => cluster.id === id);
      return aged(found, all.ageMs);
    }
  }

  return {
    async fetchClusters(signal) {
      const request = { path: 'clusters', schema: clustersAnswer, missing: [], name: 'clusters' };
      const { value, staleSeconds } = await fetchAnswer(request, signal);
      return { value: value ?? [], staleSeconds };
    },
    // An id that the contract does not allow is nobody's, and must not lead to other paths.
    fetchCluster: async (id, signal) => (isClusterId(id) ? fetchCluster(id, signal) : fresh(undefined)),
    async fetchInstances(clusterId, signal) {
      if (!isClusterId(clusterId)) return fresh(undefined);
      const name = `instances:${encodeURIComponent(clusterId)}`;
      const path = `${clusterPath(clusterId)}/instances`;
      return fetchAnswer({ path, schema: instancesAnswer, missing: [404], name }, signal);
    },
    async fetchChanges(since, signal) {
      const path = 'changes';
      // What came since some cursor is asked for once: only the beginning is worth remembering.
      if (since === undefined) return fetchAnswer({ path, schema: changesAnswer, missing: [], name: path }, signal);
      if (!isCursor(since)) return fresh(undefined);
      const query = new URLSearchParams({ since });
      const missing = [400, 404, 410];
      return fetchAnswer({ path: `${path}?${query}`, schema: changesAnswer, missing, name: undefined }, signal);
    },
  };
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = url !== undefined && ['http:', 'https:'].includes(url.protocol);
  if (!isUsable) throw configError('the dbconfig URL', ['DBCONFIG_URL: expected http://host:port or https://host']);
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw configError('the dbconfig URL', [
      'DBCONFIG_URL: has a password or a query, a token goes into DBCONFIG_TOKEN',
    ]);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.hash = '';
  return url;
}

function clusterPath(id: string): string {
  return `clusters/${encodeURIComponent(id)}`;
}

function parseAnswer<T>(schema: z.ZodType<T>, text: string, path: string): T {
  const result = checkJson(schema, text);
  if ('value' in result) return result.value;
  const [first = '', ...others] = result.problems;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  throw new ProxywatchError('SERVICE_REFUSED', `dbconfig answers ${path} wrongly: ${first.slice(0, 200)}${more}`, {
    service: 'dbconfig',
  });
}

function fresh<T>(value: T): Dated<T> {
  return { value, staleSeconds: 0 };
}

function aged<T>(value: T, ageMs: number): Dated<T> {
  // 0 would say that it is from now.
  return { value, staleSeconds: Math.max(1, Math.round(ageMs / 1_000)) };
}
