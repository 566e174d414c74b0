import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileDeadLetters } from '@proxywatch/core/drivers/dead-letters/file-dead-letters';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createLambdaInvoker } from '@proxywatch/core/drivers/lambda/lambda-invoker';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createDispatcher, type Dispatcher } from '../../../functions/scanner/dispatch/deps.ts';
import type { Dispatched } from '../../../functions/scanner/dispatch/dispatch.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type LambdaApi, type LambdaApiOptions, startLambdaApi, THROTTLED } from '../../support/lambda-api.ts';
import { scansOf } from '../../support/memory-dispatch.ts';
import { emptyRedis, failureOf } from '../../support/redis-servers.ts';
import { proxiesNamed } from '../../support/scan-requests.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TICK_MS = 60_000;
const never = new AbortController().signal;
/** The tick that has just begun, as the clock of Redis sees it. */
const currentTick = () => Math.floor(Date.now() / TICK_MS) * TICK_MS;

let server: Service;
let url: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startRedis();
  url = server.url;
});
afterAll(() => server?.stop());
beforeEach(() => withRedis(emptyRedis));
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function withRedis<T>(work: (redis: ReturnType<typeof createRedis>) => Promise<T>): Promise<T> {
  const redis = createRedis(url);
  try {
    return await work(redis);
  } finally {
    await redis.close();
  }
}

function publish(count: number, revision = 1) {
  return withRedis((redis) =>
    createRedisRegistry(redis).publish({ proxies: proxiesNamed(count), source: 's', revision }),
  );
}

async function lambda(options?: LambdaApiOptions): Promise<LambdaApi> {
  const api = await startLambdaApi(options);
  closing.push(() => api.close());
  return api;
}

/** A dispatcher as it runs on Lambda, but for the queue, which is a file. */
function dispatcher(
  api: LambdaApi,
  letters = join(temporaryFolder(), 'dead-letters.jsonl'),
  redisUrl = url,
): Dispatcher {
  const config = {
    SCAN_TICK_MS: TICK_MS,
    SCAN_INTERVALS: {},
    SCAN_PARALLEL: 20,
    SCAN_SINGLES_UP_TO: 200,
    SCAN_BATCH_SIZE: 25,
    REDIS_URL: redisUrl,
  };
  const invoker = createLambdaInvoker({ functionName: 'collect', client: api.client });
  const log = createJsonLog(() => undefined);
  const created = createDispatcher(config, { invoker, deadLetters: createFileDeadLetters(letters) }, log);
  closing.push(invoker.close, () => created.close());
  return created;
}

const runOf = (dispatched: Dispatched) => (dispatched.kind === 'dispatched' ? dispatched.run : undefined);

describe('dispatch with Redis and Lambda', () => {
  test('scans each proxy once per tick, though two dispatchers run all ticks at once', async () => {
    await publish(450);
    const api = await lambda({ latencyMs: 2 });
    const two = [dispatcher(api), dispatcher(api)];
    const first = currentTick() - 3 * TICK_MS;
    for (const tickMs of [first, first + TICK_MS, first + 2 * TICK_MS]) {
      // The second is also late by a tick.
      const ticks = [tickMs, tickMs, tickMs - TICK_MS];
      const outcomes = await Promise.all(ticks.map((tick, i) => two[i % 2]?.dispatch(tick, never)));
      expect(outcomes.filter((outcome) => outcome?.kind === 'dispatched')).toHaveLength(1);
    }
    for (const tickMs of new Set(api.accepted.map((request) => request.tickMs))) {
      const scans = scansOf(api.accepted.filter((request) => request.tickMs === tickMs));
      expect([scans.size, ...new Set(scans.values())]).toEqual([450, 1]);
    }
    expect(new Set(api.accepted.map((request) => request.tickMs)).size).toBe(3);
    expect(api.accepted).toHaveLength(3 * 18);
    expect(api.peak).toBeLessThanOrEqual(40);
  });

  test('gets through an API that throttles, and leaves what it refuses in the file', async () => {
    await publish(30);
    const refused = 'shop-7';
    const api = await lambda({
      answer: ({ proxies }, earlier) => {
        if (proxies[0]?.proxy.id === refused) return { kind: 'refuse', status: 403, type: 'AccessDeniedException' };
        return earlier % 3 === 0 ? THROTTLED : { kind: 'accept' };
      },
    });
    const letters = join(temporaryFolder(), 'dead-letters.jsonl');
    const run = runOf(await dispatcher(api, letters).dispatch(currentTick(), never));
    expect(run).toMatchObject({ outcome: 'partial', due: 30, invocations: 29, deadLetters: 1, lost: 0 });
    expect(run?.retries).toBeGreaterThan(5);
    const [line, ...more] = readFileSync(letters, 'utf8').trimEnd().split('\n');
    expect(more).toEqual([]);
    const letter = JSON.parse(line ?? '');
    expect(letter.request.proxies[0].proxy.id).toBe(refused);
    expect(letter.reason).toBe('INVOKE_FAILED: lambda collect: AccessDeniedException: AccessDeniedException');
  });

  test('goes on with the next tick when a dispatcher was killed in the middle', async () => {
    await publish(60);
    const killed = new AbortController();
    const api = await lambda({
      answer: (_, earlier) => {
        if (earlier === 25) killed.abort();
        return earlier >= 25 && earlier < 60 ? { kind: 'hang' } : { kind: 'accept' };
      },
    });
    const tickMs = currentTick() - TICK_MS;
    const cut = runOf(await dispatcher(api).dispatch(tickMs, killed.signal));
    expect(cut).toMatchObject({ outcome: 'partial', problem: 'stopped before all was sent', deadLetters: 0 });
    expect((await dispatcher(api).dispatch(tickMs, never)).kind).toBe('refused');
    const [before] = [scansOf(api.accepted)];
    expect([...before.values()].every((scans) => scans === 1)).toBe(true);
    const next = await lambda();
    expect(runOf(await dispatcher(next).dispatch(tickMs + TICK_MS, never))).toMatchObject({
      outcome: 'complete',
      due: 60,
    });
    expect(scansOf(next.accepted).size).toBe(60);
  });

  test('leaves out what is paused and what failed, and says so in the record', async () => {
    await publish(10);
    await withRedis(async (redis) => {
      const failures = createRedisScanFailures(redis);
      for (let i = 0; i < 2; i++) await failures.noteFailure('shop-1', { tickMs: 0, code: 'PROXY_UNREACHABLE' });
      await failures.noteFailure('retired', { tickMs: 0, code: 'PROXY_UNREACHABLE' });
      await createRedisScanPauses(redis).pause({ kind: 'proxy', name: 'shop-2' }, undefined);
    });
    const api = await lambda();
    const run = runOf(await dispatcher(api).dispatch(currentTick(), never));
    expect(run).toMatchObject({ proxies: 10, due: 8, paused: 1, backingOff: 1, invocations: 8 });
    expect([...scansOf(api.accepted).keys()]).not.toContain('shop-1');
    const [lastRun, failed] = await withRedis((redis) =>
      Promise.all([redis.call('GET', ['{pw:scan}:last-run']), createRedisScanFailures(redis).fetchAll()]),
    );
    expect(JSON.parse(String(lastRun))).toEqual(run);
    expect([...failed.keys()]).toEqual(['shop-1']);
  });

  test('fails clearly without a registry, and without Redis', async () => {
    const api = await lambda();
    const missing = await failureOf(dispatcher(api).dispatch(currentTick(), never));
    expect(missing).toMatchObject({ code: 'REGISTRY_MISSING' });
    const gone = await startRedis();
    await gone.stop();
    const away = await failureOf(dispatcher(api, undefined, gone.url).dispatch(currentTick(), never));
    expect(away).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') });
    expect(api.attempts).toEqual([]);
    // Neither took the tick.
    await publish(1);
    expect((await dispatcher(api).dispatch(currentTick(), never)).kind).toBe('dispatched');
  });
});
