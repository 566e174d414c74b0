/**
 * What a cold start spends on loading a function: its own code and its layers, against one bundle of everything. Both
 * unpacked as on Lambda, in a process of their own each time, in turns, with their files in the page cache. CPU time of
 * requiring the handler: Lambda gives a function a share of a processor, so that is what it waits for.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, writeFiles } from '../../infra/aws/packages/bundle.ts';
import { FUNCTIONS } from '../../infra/aws/packages/functions.ts';
import { packFunctions } from '../../infra/aws/packages/pack-functions.ts';
import { packLayers } from '../../infra/aws/packages/pack-layers.ts';
import { type LambdaSandbox, unpackLambda } from '../support/lambda-sandbox.ts';
import { coldStartRowOf } from './harness/cold-start-row.ts';
import { type BenchResult, compare, median } from './harness/result.ts';

const ROUNDS = 9;
const REQUIRE = `
const [startMs, start] = [performance.now(), process.cpuUsage()];
require(process.argv[2]);
const { user, system } = process.cpuUsage(start);
const times = { cpuMs: (user + system) / 1_000, ms: performance.now() - startMs };
console.log(JSON.stringify({ ...times, files: Object.keys(require.cache).length }));
process.exit();
`;

interface Start {
  readonly cpuMs: number;
  readonly ms: number;
  readonly files: number;
}

export async function coldStart(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cold-start-'));
  try {
    const { layered, bundled } = await unpackBoth(folder);
    const results: BenchResult[] = [];
    for (const { name } of FUNCTIONS) {
      const [ours, theirs]: [Start[], Start[]] = [[], []];
      for (let round = 0; round <= ROUNDS; round++) {
        const starts = [await start(layered, name), await start(bundled, name)] as const;
        // The first brings the files into the page cache.
        if (round === 0) continue;
        ours.push(starts[0]);
        theirs.push(starts[1]);
      }
      const row = coldStartRowOf(name);
      console.log(`\n${row}: with layers ${toldOf(ours)}; as one bundle ${toldOf(theirs)}`);
      results.push(
        compare(row, median(ours.map(({ cpuMs }) => cpuMs)), median(theirs.map(({ cpuMs }) => cpuMs)), 'ms CPU'),
        compare(`${row}-size`, kilobytesOf(layered, name), kilobytesOf(bundled, name), 'kB'),
      );
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unpackBoth(folder: string): Promise<{ layered: LambdaSandbox; bundled: LambdaSandbox }> {
  const outDir = join(folder, 'packed');
  const whole = bundle({ entryPoints: FUNCTIONS.map(({ name, entry }) => ({ in: entry, out: `${name}/handler` })) });
  const [functions, layers, { files }] = await Promise.all([packFunctions({ outDir }), packLayers({ outDir }), whole]);
  const wholeDir = join(folder, 'whole');
  await writeFiles(wholeDir, files);
  return {
    layered: unpackLambda(join(folder, 'layered'), {
      functions: Object.fromEntries(functions.map(({ name, path }) => [name, path])),
      layers: Object.values(layers),
    }),
    bundled: unpackLambda(join(folder, 'bundled'), {
      functions: Object.fromEntries(FUNCTIONS.map(({ name }) => [name, join(wholeDir, name)])),
      layers: [],
    }),
  };
}

async function start({ root, run }: LambdaSandbox, name: string): Promise<Start> {
  return JSON.parse(await run(REQUIRE, [join(root, 'var/task', name, 'handler')]));
}

function kilobytesOf({ root }: LambdaSandbox, name: string): number {
  return statSync(join(root, 'var/task', name, 'handler.js')).size / 1_000;
}

function toldOf(starts: readonly Start[]): string {
  const of = (field: keyof Start) => median(starts.map((start) => start[field])).toFixed(0);
  return `${of('cpuMs')} ms CPU, ${of('ms')} ms by the clock, ${of('files')} files`;
}
