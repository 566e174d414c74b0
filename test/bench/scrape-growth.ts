/**
 * Whether scrapes cost more when more is known: 20 proxies with 500, 5,000 and 50,000 digests each (10,000, 100,000 and
 * 1,000,000 in all), of which the same 50 per proxy are executed between rounds and 100 per proxy are named. CPU of the
 * whole gateway process per round of scrapes, as a power of the known rows. Baseline: the exponent of the naive flow, see
 * naive-flow.ts, over the first two sizes, which reads, sets and renders all that there is.
 */
import { startRedis } from '../../infra/local/services/redis.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import { startLab } from './harness/lab.ts';
import { cpuMsOf, ownCpuMsOf } from './harness/process-usage.ts';
import { type BenchResult, compare, median } from './harness/result.ts';
import { samplesOf, scrape } from './harness/scrape.ts';
import { openNaiveFlow } from './naive-flow.ts';

const PROXIES = 20;
const DIGESTS = [500, 5_000, 50_000] as const;
const NAIVE_DIGESTS = [500, 5_000] as const;
const ACTIVE = 50;
const TOP_N = 100;
const ROUNDS = { warmUp: 4, measured: 16 };
const NAIVE_ROUNDS = { warmUp: 1, measured: 2 };
const SETTINGS = {
  // Twenty tables of 50,000 rows take longer than one collection may; a proxy that had to wait would ask for texts later.
  COLLECT_BUDGET_MS: '120000',
  // As in production: the larger the tables, the longer a round lasts, and heartbeats run on meanwhile.
  REGISTRY_POLL_MS: '5000',
};
const INDEXES = Array.from({ length: PROXIES }, (_, index) => index);

interface Point {
  readonly rows: number;
  readonly cpuMs: number;
}

interface MeasuredPoint extends Point {
  readonly series: number;
}

export async function scrapeGrowth(): Promise<BenchResult[]> {
  const naive: Point[] = [];
  for (const digests of NAIVE_DIGESTS) naive.push(await measureNaiveFlow(digests));
  const ours: MeasuredPoint[] = [];
  for (const digests of DIGESTS) ours.push(await measureGateway(digests));
  if (new Set(ours.map(({ series }) => series)).size > 1) throw new Error(`series differ: ${JSON.stringify(ours)}`);
  console.table([...ours, ...naive.map((point) => ({ ...point, series: 'naive flow' }))]);
  const exponent = Math.max(0, exponentOf(ours));
  const [least, most] = [ours[0]?.cpuMs ?? Number.NaN, ours.at(-1)?.cpuMs ?? Number.NaN];
  return [
    {
      name: 'scrape-growth',
      value: rounded(exponent),
      unit: 'exponent',
      baseline: rounded(exponentOf(naive)),
      ratio: rounded(exponent),
    },
    compare('scrape-growth-1m-rows', most, least, 'ms CPU per round'),
  ];
}

async function measureGateway(digests: number): Promise<MeasuredPoint> {
  const lab = await startLab(PROXIES, digests);
  const redis = await startRedis();
  const gateway = await startGatewayProcess(redis.url, TOP_N, SETTINGS);
  try {
    await gateway.watch(lab.ports);
    const targets = INDEXES.map((index) => `${gateway.url}/metrics?proxy=proxy-${index}`);
    const costs: number[] = [];
    for (let round = -ROUNDS.warmUp; round < ROUNDS.measured; round++) {
      await lab.touch(ACTIVE);
      const before = cpuMsOf(gateway.pid);
      for (const target of targets) await scrape(target);
      if (round >= 0) costs.push(cpuMsOf(gateway.pid) - before);
    }
    let series = 0;
    for (const target of targets) series += samplesOf((await scrape(target)).text()).length;
    // The kernel counts in hundredths of a second: a mean over all rounds, since a single one is a few of those.
    return { rows: PROXIES * digests, cpuMs: costs.reduce((sum, cost) => sum + cost, 0) / costs.length, series };
  } finally {
    await gateway.stop();
    await redis.stop();
    await lab.stop();
  }
}

async function measureNaiveFlow(digests: number): Promise<Point> {
  const lab = await startLab(PROXIES, digests);
  const flow = await openNaiveFlow(lab.ports);
  try {
    const costs: number[] = [];
    for (let round = -NAIVE_ROUNDS.warmUp; round < NAIVE_ROUNDS.measured; round++) {
      await lab.touch(ACTIVE);
      const cost = await ownCpuMsOf(async () => {
        for (const index of INDEXES) await flow.scrape(index);
      });
      if (round >= 0) costs.push(cost);
    }
    return { rows: PROXIES * digests, cpuMs: median(costs) };
  } finally {
    await flow.close();
    await lab.stop();
  }
}

/** Slope of the line nearest to the points, both axes logarithmic. */
function exponentOf(points: readonly Point[]): number {
  const xs = points.map(({ rows }) => Math.log(rows));
  const ys = points.map(({ cpuMs }) => Math.log(cpuMs));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((value, i) => (value - x) * ((ys[i] ?? Number.NaN) - y)));
  return covariance / mean(xs.map((value) => (value - x) ** 2));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

if (import.meta.main) console.table(await scrapeGrowth());
