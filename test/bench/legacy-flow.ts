/**
 * The original flow against ours: 20 proxies × 5,000 digests, all of them exposed, 5 % of which were executed since the last
 * round of scrapes. In the original one the gateway looks nodes up in Redis, asks a probe over HTTP, which reads the whole
 * table, and reads, corrects and rewrites the whole history in Redis. Both flows run as processes of their own, with relays
 * in front of Redis and of the proxies that see what passes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../infra/local/services/redis.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import { type Lab, RECORDED_TEXT_LENGTH, startLab } from './harness/lab.ts';
import { type Relay, startRelay } from './harness/relay.ts';
import { type BenchResult, compare, median } from './harness/result.ts';
import { samplesOf, scrape } from './harness/scrape.ts';
import { startLegacyFlow } from './legacy/start-legacy.ts';

const PROXIES = 20;
const DIGESTS = 5_000;
const ACTIVE = DIGESTS / 20;
const OUR_ROUNDS = { warmUp: 6, measured: 8 };
const THEIR_ROUNDS = { warmUp: 1, measured: 3 };
/** Proxies that are collected from at once; the costs of single steps are taken one proxy after the other. */
const CONCURRENCY = 4;
const INTERVAL_S = 15;
/** Two heartbeats of a gateway. */
const IDLE_S = 10;

interface Measured {
  readonly wallMs: number;
  readonly redisBytes: number;
  /** Milliseconds of one round, by the costs that the original design lists. */
  readonly costs: Readonly<Record<'scrape' | 'nodes' | 'probe' | 'history', number>>;
}

/** Collects from all proxies; the sum of all executions, and what the round cost beside its time. */
type Round = (concurrency: number) => Promise<{ readonly executions: number; readonly costs?: Measured['costs'] }>;

export async function legacyFlow(): Promise<BenchResult[]> {
  const lab = await startLab(PROXIES, DIGESTS, RECORDED_TEXT_LENGTH);
  try {
    const ours = await withRelays(lab, measureOurs);
    const theirs = await withRelays(lab, measureTheirs);
    const costs = (['scrape', 'nodes', 'probe', 'history'] as const).map((cost) =>
      compare(`legacy-flow-${cost}`, ours.costs[cost], theirs.costs[cost], 'ms'),
    );
    return [
      compare('legacy-flow', ours.wallMs, theirs.wallMs, 'ms per round'),
      compare('legacy-flow-redis-bytes', ours.redisBytes, theirs.redisBytes, 'bytes per round'),
      ...costs,
    ];
  } finally {
    await lab.stop();
  }
}

interface Relayed {
  readonly lab: Lab;
  readonly redis: Relay;
  readonly redisUrl: string;
  readonly proxies: readonly Relay[];
}

async function withRelays<T>(lab: Lab, measure: (relayed: Relayed) => Promise<T>): Promise<T> {
  const server = await startRedis();
  const redis = await startRelay(server.port);
  const proxies = await Promise.all(lab.ports.map(startRelay));
  try {
    return await measure({ lab, redis, proxies, redisUrl: `redis://127.0.0.1:${redis.port}` });
  } finally {
    await Promise.all([redis, ...proxies].map((relay) => relay.close()));
    await server.stop();
  }
}

async function measureOurs(relayed: Relayed): Promise<Measured> {
  const { redis, proxies, redisUrl } = relayed;
  const gateway = await startGatewayProcess(redisUrl, DIGESTS, { REGISTRY_POLL_MS: '5000' });
  try {
    await gateway.watch(proxies.map(({ port }) => port));
    const round: Round = async (concurrency) => {
      const targets = proxies.keys();
      const expositions: (() => string)[] = [];
      async function work(): Promise<void> {
        for (const index of targets)
          expositions.push((await scrape(`${gateway.url}/metrics?proxy=proxy-${index}`)).text);
      }
      await Promise.all(Array.from({ length: concurrency }, work));
      // Read later: a scraper unpacks elsewhere.
      return {
        get executions() {
          return expositions.reduce((sum, text) => sum + executionsIn(text()), 0);
        },
      };
    };
    const measured = await measureRounds(relayed, round, OUR_ROUNDS);
    redis.take();
    await sleep(IDLE_S * 1_000);
    const idle = redis.take();
    const perInterval = INTERVAL_S / IDLE_S;
    return {
      ...measured,
      redisBytes: measured.redisBytes + idle.bytes * perInterval,
      costs: { ...measured.costs, nodes: idle.busyMs * perInterval },
    };
  } finally {
    await gateway.stop();
  }
}

async function measureTheirs(relayed: Relayed): Promise<Measured> {
  const ports = relayed.proxies.map(({ port }) => port);
  const flow = await startLegacyFlow(relayed.redisUrl, ports);
  try {
    const round: Round = async (concurrency) => {
      const { text, costs } = await flow.scrape(concurrency);
      return {
        get executions() {
          return executionsIn(text);
        },
        costs: { ...costs, scrape: 0 },
      };
    };
    return await measureRounds(relayed, round, THEIR_ROUNDS);
  } finally {
    await flow.stop();
  }
}

/** Rounds with several proxies at once for the time of all, then rounds with one at a time for the time of each step. */
async function measureRounds(
  { lab, redis, proxies }: Relayed,
  round: Round,
  rounds: { readonly warmUp: number; readonly measured: number },
): Promise<Measured> {
  const wallMs: number[] = [];
  const redisBytes: number[] = [];
  const costs: Measured['costs'][] = [];
  let executions: number | undefined;
  for (let i = 0; i < rounds.warmUp + 2 * rounds.measured; i++) {
    const isSplit = i >= rounds.warmUp + rounds.measured;
    await lab.touch(ACTIVE);
    redis.take();
    for (const proxy of proxies) proxy.take();
    const fromMs = performance.now();
    const result = await round(isSplit ? 1 : CONCURRENCY);
    const tookMs = performance.now() - fromMs;
    const history = redis.take();
    const probe = proxies.reduce((sum, proxy) => sum + proxy.take().busyMs, 0);
    const { nodes = 0, ...inside } = result.costs ?? { probe, history: history.busyMs };
    const steps = { nodes, probe: inside.probe, history: inside.history };
    if (isSplit) costs.push({ ...steps, scrape: tookMs - nodes - steps.probe - steps.history });
    else if (i >= rounds.warmUp) {
      wallMs.push(tookMs);
      redisBytes.push(history.bytes);
    }
    const counted = result.executions;
    const increase = counted - (executions ?? counted - PROXIES * ACTIVE);
    if (increase !== PROXIES * ACTIVE) throw new Error(`${increase} executions in a round of ${PROXIES * ACTIVE}`);
    executions = counted;
  }
  const medianOf = (cost: keyof Measured['costs']) => median(costs.map((each) => each[cost]));
  return {
    wallMs: median(wallMs),
    redisBytes: median(redisBytes),
    costs: {
      scrape: medianOf('scrape'),
      nodes: medianOf('nodes'),
      probe: medianOf('probe'),
      history: medianOf('history'),
    },
  };
}

function executionsIn(exposition: string): number {
  return samplesOf(exposition)
    .filter(({ name }) => name === 'dbproxy_sql_executions_total')
    .reduce((sum, { line }) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

if (import.meta.main) console.table(await legacyFlow());
