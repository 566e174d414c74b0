/**
 * Resident memory of a whole gateway that knows 1,000,000 digest rows: 200 proxies with 5,000 digests each, of which 100
 * per proxy are named. Baseline: the idle gateway, and the rows as one would keep them without thinking, each an object with
 * its labels and counters in a Map by its key. Then the bound: 20 proxies with 50,000 digests each, and 20 MB for histories.
 */
import { setImmediate } from 'node:timers/promises';
import { startRedis } from '../../infra/local/services/redis.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import { startLab } from './harness/lab.ts';
import { peakRssBytesOf, peakRssDuring, rssBytesOf } from './harness/process-usage.ts';
import { type BenchResult, compare } from './harness/result.ts';
import { scrape } from './harness/scrape.ts';

const ROWS = 1_000_000;
const TOP_N = 100;
const ROUNDS = 4;
const SMALL_BUDGET_BYTES = 20e6;
/** What a gateway may take beyond its budget for histories. */
const ALLOWANCE_BYTES = 300e6;
/** Objects are counted in a part of the rows: all of them would not leave room for the lab. */
const OBJECTS = 100_000;
const MB = 1e6;

export async function rss1mRows(): Promise<BenchResult[]> {
  const objectBytes = (await bytesPerObject()) * ROWS;
  const all = await measure(200, 5, {});
  const small = await measure(20, 50, { HISTORY_MEMORY_BYTES: String(SMALL_BUDGET_BYTES) });
  return [
    compare('rss-1m-rows', all.steadyBytes / MB, (all.idleBytes + objectBytes) / MB, 'MB'),
    compare('rss-20-mb-budget', small.peakBytes / MB, (SMALL_BUDGET_BYTES + ALLOWANCE_BYTES) / MB, 'MB'),
  ];
}

/** `active`: digests of each proxy that are executed between two rounds. */
async function measure(proxies: number, active: number, env: Readonly<Record<string, string>>) {
  const lab = await startLab(proxies, ROWS / proxies);
  const redis = await startRedis();
  const gateway = await startGatewayProcess(redis.url, TOP_N, env);
  try {
    const idleBytes = rssBytesOf(gateway.pid);
    await gateway.watch(lab.ports);
    const steadyBytes = await peakRssDuring(gateway.pid, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await lab.touch(active);
        for (const index of lab.ports.keys()) await scrape(`${gateway.url}/metrics?proxy=proxy-${index}`);
      }
    });
    const known = await gateway.knownRows();
    if (known !== ROWS) throw new Error(`${known} rows instead of ${ROWS}`);
    return { idleBytes, steadyBytes, peakBytes: peakRssBytesOf(gateway.pid) };
  } finally {
    await gateway.stop();
    await redis.stop();
    await lab.stop();
  }
}

async function bytesPerObject(): Promise<number> {
  const before = await settledHeap();
  const rows = new Map(Array.from({ length: OBJECTS }, (_, i) => rowOf(i)));
  const bytes = (await settledHeap()) - before;
  if (rows.size !== OBJECTS) throw new Error('keys are not all different');
  return bytes / OBJECTS;
}

/** Names of the length of the lab's, each a string of its own, as they come from a connection. */
function rowOf(i: number) {
  const [hostgroup, schema, user] = [`${10 * (1 + (i % 2))}`, text('analytics'), text('app_ro')];
  const digest = `0x${BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .toUpperCase()
    .padStart(16, '0')}`;
  const counters = {
    executions: 10_000 + i,
    timeUs: 1e10 + i,
    rowsSent: 3 * i,
    rowsAffected: 0,
    firstSeenS: 1.7e9 + i,
  };
  const key = text([hostgroup, schema, user, digest].join('|'));
  return [key, { labels: { hostgroup, schema, user, digest }, ...counters }] as const;
}

function text(value: string): string {
  return Buffer.from(value).toString('latin1');
}

async function settledHeap(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  await setImmediate();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

if (import.meta.main) console.table(await rss1mRows());
