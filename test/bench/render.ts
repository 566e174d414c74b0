/**
 * What a scrape costs: 500,000 series (125,000 digests in four families) of one proxy, rendered by us and by prom-client,
 * and compressed by us and by zlib as a whole. Both sides have the same series, labels and values; runs alternate in one
 * process; values are medians of the main thread's CPU time, which other processes do not disturb and which leaves out
 * the garbage collector's own threads. Alone: `node --expose-gc test/bench/render.ts`.
 */
import { setImmediate } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import { createCatalogue } from '../../functions/gateway/exposition/catalogue.ts';
import { ProxyDocument } from '../../functions/gateway/exposition/document.ts';
import type { Family } from '../../functions/gateway/exposition/family.ts';
import { encodeLabels } from '../../functions/gateway/exposition/labels.ts';
import { assemble } from '../../functions/gateway/exposition/scrape.ts';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  /** How many times better than the baseline. */
  readonly ratio: number;
}

const DIGESTS = 125_000;
const FAMILIES = (
  [
    ['dbproxy_sql_executions_total', 'integer'],
    ['dbproxy_sql_duration_seconds_total', 'micros'],
    ['dbproxy_sql_rows_sent_total', 'integer'],
    ['dbproxy_sql_rows_affected_total', 'integer'],
  ] as const
).map(([name, value]): Family => ({ name, type: 'counter', help: 'SQL by digest.', value }));
const CATALOGUE = createCatalogue(FAMILIES);
const LEVEL = 2;
const WARM_UP = 8;

/** All series change, and all are rendered. */
export async function render500k(): Promise<BenchResult[]> {
  const all = Array.from({ length: DIGESTS }, (_, digest) => digest);
  return [await compareRendering('render-500k', all, 7)];
}

/** One digest in a hundred changes, and all series are rendered. */
export async function render500k1Percent(): Promise<BenchResult[]> {
  return [await compareRendering('render-500k-1pct', hotDigests(), 7)];
}

/**
 * CPU of compressing an exposition of which 1 % changed, always the same digests as in production, against compressing it
 * whole at the same level; and how long the first compression, of everything, holds the event loop.
 */
export async function gzip1Percent(): Promise<BenchResult[]> {
  const ours = createOurs();
  const hot = hotDigests();
  const blocks = [await firstBlock(ours), await firstBlock(createOurs()), await firstBlock(createOurs())];
  const [changed, whole]: [number[], number[]] = [[], []];
  for (let round = 1; round <= WARM_UP + 9; round++) {
    ours.set(hot, round);
    const scrape = ours.scrape();
    const [changedMs, member] = await measure(() => scrape.gzip({ level: LEVEL }));
    scrape.release();
    if (round <= WARM_UP) continue;
    const plain = Buffer.concat(scrape.buffers());
    const [wholeMs] = await measure(() => gzipSync(plain, { level: LEVEL }));
    changed.push(changedMs);
    whole.push(wholeMs);
    if (!gunzipSync(Buffer.concat(member)).equals(plain)) throw new Error('the compressed exposition differs');
  }
  return [
    compare('gzip-1pct', median(changed), median(whole), 'ms CPU'),
    // Other processes can only make a block longer.
    compare('gzip-first-longest-block', Math.min(...blocks), median(whole), 'ms'),
  ];
}

async function compareRendering(name: string, digests: readonly number[], runs: number): Promise<BenchResult> {
  const ours = createOurs();
  const theirs = createTheirs();
  const [our, their]: [number[], number[]] = [[], []];
  let lines: [number, number] = [0, 0];
  // Steady state: the code is warm, and our series are sorted by how often they change.
  for (let round = 1; round <= WARM_UP; round++) ours.render(digests, round);
  for (let round = WARM_UP; round <= WARM_UP + runs; round++) {
    const [ourMs, ourBuffers] = await measure(() => ours.render(digests, round));
    const [theirMs, theirText] = await measure(() => theirs.render(digests, round));
    lines = [samplesIn(Buffer.concat(ourBuffers)), samplesIn(Buffer.from(theirText))];
    if (round === WARM_UP) continue;
    our.push(ourMs);
    their.push(theirMs);
  }
  if (lines[0] !== lines[1] || lines[0] !== DIGESTS * FAMILIES.length) throw new Error(`other series: ${lines}`);
  return compare(name, median(our), median(their), 'ms CPU');
}

type Ours = ReturnType<typeof createOurs>;

function createOurs() {
  const document = new ProxyDocument(CATALOGUE);
  const table = document.table(...FAMILIES);
  for (let digest = 0; digest < DIGESTS; digest++) table.add(encodeLabels(labelsOf(digest)));
  const set = (digests: readonly number[], round: number): void => {
    for (const digest of digests) {
      for (let column = 0; column < BASES.length; column++) table.set(digest, numberOf(digest, column, round), column);
    }
    document.settle();
  };
  const scrape = () => assemble(CATALOGUE, [document], 'openmetrics');
  const render = (digests: readonly number[], round: number): Buffer[] => {
    set(digests, round);
    const current = scrape();
    const buffers = current.buffers();
    current.release();
    return buffers;
  };
  return { set, scrape, render };
}

/** Label objects are made once and values set absolutely: the fastest way that prom-client has for counters read elsewhere. */
function createTheirs() {
  const registry = new Registry();
  const labels = Array.from({ length: DIGESTS }, (_, digest) => labelsOf(digest));
  const labelNames = Object.keys(labelsOf(0));
  const gauges = FAMILIES.map(({ name, help }) => new Gauge({ name, help, labelNames, registers: [registry] }));
  const scales = FAMILIES.map(({ value }) => (value === 'micros' ? 1e6 : 1));
  const render = (digests: readonly number[], round: number): Promise<string> => {
    for (const digest of digests) {
      gauges.forEach((gauge, column) => {
        gauge.set(labels[digest] ?? {}, numberOf(digest, column, round) / (scales[column] ?? 1));
      });
    }
    return registry.metrics();
  };
  labels.forEach((own) => {
    for (const gauge of gauges) gauge.set(own, 0);
  });
  return { render };
}

function labelsOf(digest: number): Record<string, string> {
  const hash = BigInt.asUintN(64, BigInt(digest + 1) * 0x9e3779b97f4a7c15n);
  return {
    proxy: 'proxy-1',
    namespace: 'shop',
    hostgroup: String(10 * (digest % 3)),
    schema: `shop_${digest % 7}`,
    user: `app_${digest % 5}`,
    digest: `0x${hash.toString(16).toUpperCase().padStart(16, '0')}`,
  };
}

/** Values of both sides; nothing but an addition is timed of them. */
const BASES = FAMILIES.map((_, column) =>
  Float64Array.from({ length: DIGESTS }, (_, digest) => ((digest * 7_919) % 1_000_003) * 10 ** column),
);

function numberOf(digest: number, column: number, round: number): number {
  return ((BASES[column] as Float64Array)[digest] as number) + round * 1_013;
}

/** One in a hundred, spread over all. */
function hotDigests(): number[] {
  return Array.from({ length: DIGESTS / 100 }, (_, i) => (i * 100 + ((i * 37) % 100)) % DIGESTS);
}

function samplesIn(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf('\ndbproxy_'); at >= 0; at = text.indexOf('\ndbproxy_', at + 1)) count++;
  return count;
}

/** CPU milliseconds of the main thread, and the result. */
async function measure<T>(run: () => T | Promise<T>): Promise<[number, T]> {
  globalThis.gc?.();
  const before = threadCpuMs();
  const result = await run();
  return [threadCpuMs() - before, result];
}

function threadCpuMs(): number {
  // Linux brings a thread's time up to date at each tick, and when somebody asks for that of the whole process.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Longest time between two turns of the event loop while everything is compressed for the first time. */
async function firstBlock(ours: Ours): Promise<number> {
  let longest = 0;
  let running = true;
  const watch = (async () => {
    for (let last = performance.now(); running; ) {
      await setImmediate();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  })();
  const scrape = ours.scrape();
  await scrape.gzip({ level: LEVEL });
  scrape.release();
  running = false;
  await watch;
  return longest;
}

function compare(name: string, value: number, baseline: number, unit: string): BenchResult {
  return { name, value: round(value), unit, baseline: round(baseline), ratio: round(baseline / value) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

if (import.meta.main) {
  console.table([...(await render500k()), ...(await render500k1Percent()), ...(await gzip1Percent())]);
}
