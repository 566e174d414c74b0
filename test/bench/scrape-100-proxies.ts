/**
 * What a fleet costs: 100 proxies with 1,000 digests each, all named, of which 5 % were executed since the last round; each
 * proxy is scraped once per round. Ours: a gateway, its whole process, HTTP, gzip and writes to Redis included. Baseline:
 * the naive flow, see naive-flow.ts, which compresses too, but has no history to keep and sends nothing.
 */
import { gunzipSync } from 'node:zlib';
import { startRedis } from '../../infra/local/services/redis.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import { type Lab, startLab } from './harness/lab.ts';
import { cpuMsOf } from './harness/process-usage.ts';
import { type BenchResult, compare, median } from './harness/result.ts';
import { samplesOf, sampleValue, scrape } from './harness/scrape.ts';
import { openNaiveFlow } from './naive-flow.ts';

const PROXIES = 100;
const DIGESTS = 1_000;
const ACTIVE = DIGESTS / 20;
const OUR_ROUNDS = { warmUp: 8, measured: 8 };
const THEIR_ROUNDS = { warmUp: 2, measured: 4 };
/** Scrapes under way at once; Prometheus spreads those of its targets over the interval. */
const CONCURRENCY = 4;
const INDEXES = Array.from({ length: PROXIES }, (_, index) => index);

interface Measured {
  readonly cpuMsPerRound: number;
  readonly longestBlockMs: number;
  /** Lines of digest counters per proxy. */
  readonly series: number;
}

export async function scrape100Proxies(): Promise<BenchResult[]> {
  const lab = await startLab(PROXIES, DIGESTS);
  try {
    const ours = await measureGateway(lab);
    const theirs = await measureNaiveFlow(lab);
    if (ours.series !== theirs.series) throw new Error(`${ours.series} series against ${theirs.series}`);
    return [
      compare('scrape-100-proxies', ours.cpuMsPerRound, theirs.cpuMsPerRound, 'ms CPU per round'),
      compare('scrape-100-proxies-longest-block', ours.longestBlockMs, theirs.longestBlockMs, 'ms'),
    ];
  } finally {
    await lab.stop();
  }
}

async function measureGateway(lab: Lab): Promise<Measured> {
  const redis = await startRedis();
  try {
    const gateway = await startGatewayProcess(redis.url, DIGESTS);
    try {
      await gateway.watch(lab.ports);
      const targetOf = (index: number) => `${gateway.url}/metrics?proxy=proxy-${index}`;
      const round = async (): Promise<number> => {
        await lab.touch(ACTIVE);
        const before = cpuMsOf(gateway.pid);
        await spread((index) => scrape(targetOf(index)));
        return cpuMsOf(gateway.pid) - before;
      };
      const fetchLongestBlock = async () =>
        sampleValue(
          (await scrape(`${gateway.url}/metrics/self`)).text(),
          'proxywatch_gateway_eventloop_longest_block_seconds',
        );
      for (let i = 0; i < OUR_ROUNDS.warmUp; i++) await round();
      await fetchLongestBlock();
      const costs: number[] = [];
      for (let i = 0; i < OUR_ROUNDS.measured; i++) costs.push(await round());
      const longestBlockMs = (await fetchLongestBlock()) * 1_000;
      const exposition = (await scrape(targetOf(0))).text();
      return { cpuMsPerRound: median(costs), longestBlockMs, series: digestSeriesIn(exposition) };
    } finally {
      await gateway.stop();
    }
  } finally {
    await redis.stop();
  }
}

async function measureNaiveFlow(lab: Lab): Promise<Measured> {
  const flow = await openNaiveFlow(lab.ports);
  try {
    const costs: number[] = [];
    let series = 0;
    for (let i = 0; i < THEIR_ROUNDS.warmUp + THEIR_ROUNDS.measured; i++) {
      await lab.touch(ACTIVE);
      if (i === THEIR_ROUNDS.warmUp) flow.takeLongestBlockMs();
      const before = process.cpuUsage();
      await spread(async (index) => {
        const body = await flow.scrape(index);
        if (index === 0 && series === 0) series = digestSeriesIn(gunzipSync(body).toString());
      });
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1_000);
    }
    return {
      cpuMsPerRound: median(costs.slice(THEIR_ROUNDS.warmUp)),
      longestBlockMs: flow.takeLongestBlockMs(),
      series,
    };
  } finally {
    await flow.close();
  }
}

/** One call per proxy, a few at a time. */
async function spread(work: (index: number) => Promise<unknown>): Promise<void> {
  const queue = INDEXES.values();
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    for (const index of queue) await work(index);
  });
  await Promise.all(workers);
}

/** Series of single digests; the remainder is ours alone. */
function digestSeriesIn(exposition: string): number {
  return samplesOf(exposition).filter(({ line }) => line.includes('digest="0x') && !line.includes('digest_text'))
    .length;
}

if (import.meta.main) console.table(await scrape100Proxies());
