/**
 * One tick of ten thousand proxies: registry and claim in a real Redis, invocations with the real client of AWS against a
 * simulated Lambda API that takes 5 ms for each. Compared with a loop over the proxies that invokes for one after the other
 * with the client as it comes, measured over some of them and scaled.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createDispatcher } from '../../functions/scanner/dispatch/deps.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { BATCH_LIMITS } from '../../layers/core/src/domain/scan/batching.ts';
import { COLLECTORS } from '../../layers/core/src/domain/scan/collectors.ts';
import { createLambdaInvoker } from '../../layers/core/src/drivers/lambda/lambda-invoker.ts';
import { createRedis } from '../../layers/core/src/drivers/redis/create-redis.ts';
import { createRedisRegistry } from '../../layers/core/src/drivers/registry/redis-registry.ts';
import type { LambdaApi } from '../support/lambda-api.ts';
import { proxiesNamed, requestFor } from '../support/scan-requests.ts';
import { peakRssDuring } from './harness/process-usage.ts';
import { type BenchResult, compare, median } from './harness/result.ts';

const PROXIES = 10_000;
const LATENCY_MS = 5;
const TICKS = 5;
const TICK_MS = 60_000;
/** Proxies that the baseline is measured over. */
const SAMPLE = 400;
/** What a small function has; the whole process stays below it. */
const LAMBDA_MEMORY_MB = 512;
const PROGRAM = fileURLToPath(new URL('dispatch-api-process.ts', import.meta.url));

type Client = LambdaApi['client'];

export async function dispatch10k(): Promise<BenchResult[]> {
  const redis = await startRedis();
  const api = fork(PROGRAM, [String(LATENCY_MS)], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  try {
    const { client } = await answerOf<{ client: Client }>(api);
    await publishProxies(redis.url);
    const times: number[] = [];
    let peakBytes = 0;
    // Each tick in a dispatcher of its own, as after a cold start: it has neither the registry nor a connection yet.
    for (let number = TICKS; number > 0; number--) {
      peakBytes = Math.max(
        peakBytes,
        await peakRssDuring(process.pid, async () => {
          times.push(await timeOfTick(redis.url, client, tickBefore(number)));
        }),
      );
    }
    const expected = (TICKS * PROXIES) / BATCH_LIMITS.batchSize;
    const accepted = await acceptedBy(api);
    if (accepted !== expected) throw new Error(`${accepted} invocations were accepted, not ${expected}`);
    const one = await timeOfOneByOne(client);
    console.log(
      `\n${PROXIES} proxies, ${LATENCY_MS} ms per invocation: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms for a tick; one after ` +
        `the other ${one.toFixed(2)} ms each, measured over ${SAMPLE} and scaled to ${PROXIES}`,
    );
    return [
      compare('dispatch-10k', median(times), one * PROXIES, 'ms'),
      compare('dispatch-10k-limit', median(times), TICK_MS, 'ms'),
      compare('dispatch-10k-memory', peakBytes / 1e6, LAMBDA_MEMORY_MB, 'MB'),
    ];
  } finally {
    api.disconnect();
    await redis.stop();
  }
}

/** A whole number of ticks ago: Redis takes none that is ahead of its clock. */
function tickBefore(number: number): number {
  return (Math.floor(Date.now() / TICK_MS) - number) * TICK_MS;
}

async function timeOfTick(redisUrl: string, client: Client, tickMs: number): Promise<number> {
  const config = {
    SCAN_TICK_MS: TICK_MS,
    SCAN_INTERVALS: {},
    SCAN_PARALLEL: 50,
    SCAN_SINGLES_UP_TO: BATCH_LIMITS.singlesUpTo,
    SCAN_BATCH_SIZE: BATCH_LIMITS.batchSize,
    REDIS_URL: redisUrl,
  };
  const invoker = createLambdaInvoker({ functionName: 'collect', client });
  const deadLetters = { send: () => Promise.reject(new Error('nothing is to fail')) };
  const log = { info: () => undefined, warn: console.warn, error: console.error };
  const dispatcher = createDispatcher(config, { invoker, deadLetters }, log);
  try {
    const startMs = performance.now();
    const outcome = await dispatcher.dispatch(tickMs, AbortSignal.timeout(TICK_MS));
    const tookMs = performance.now() - startMs;
    const isWhole = outcome.kind === 'dispatched' && outcome.run.outcome === 'complete' && outcome.run.due === PROXIES;
    if (!isWhole) throw new Error(`not dispatched: ${JSON.stringify(outcome)}`);
    return tookMs;
  } finally {
    invoker.close();
    await dispatcher.close();
  }
}

/** Milliseconds for one proxy. */
async function timeOfOneByOne(options: Client): Promise<number> {
  const client = new LambdaClient(options);
  const invoke = async (i: number) => {
    const [due] = requestFor(`shop-${i}`).proxies;
    const request = { version: 1, tickMs: 0, windowMs: TICK_MS, proxies: [{ ...due, collectors: COLLECTORS }] };
    const Payload = JSON.stringify(request);
    await client.send(new InvokeCommand({ FunctionName: 'collect', InvocationType: 'Event', Payload }));
  };
  try {
    await invoke(0);
    const startMs = performance.now();
    for (let i = 0; i < SAMPLE; i++) await invoke(i);
    return (performance.now() - startMs) / SAMPLE;
  } finally {
    client.destroy();
  }
}

async function publishProxies(redisUrl: string): Promise<void> {
  const redis = createRedis(redisUrl);
  await createRedisRegistry(redis).publish({ proxies: proxiesNamed(PROXIES), source: 'bench', revision: 1 });
  await redis.close();
}

async function acceptedBy(api: ChildProcess): Promise<number> {
  const answer = answerOf<{ accepted: number }>(api);
  api.send('accepted?');
  return (await answer).accepted;
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message', { signal: AbortSignal.timeout(10_000) });
  return message;
}
