// npm run bench [-- [--check] [name…]]: runs all benchmarks or the named ones, each in a process of its own; prints a table
// and keeps the newest result of each in bench-results/summary.json. Fails when one cannot be run, with --check also when one
// misses its target.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '@proxywatch/core/domain/errors';
import { BENCHES, type Bench } from './benches.ts';
import type { BenchResult } from './harness/result.ts';
import { mergeIntoSummary } from './harness/summary.ts';
import { isMet, tableOf } from './harness/table.ts';

const SUMMARY = fileURLToPath(new URL('../../bench-results/summary.json', import.meta.url));
const PROGRAM = fileURLToPath(new URL('run-bench.ts', import.meta.url));
const TIMEOUT_MS = 240_000;
const ROWS = BENCHES.flatMap(({ rows }) => rows);

const { values: options, positionals: names } = readArguments();
const selected = select(names);
const results: BenchResult[] = [];
const failed: string[] = [];

for (const [index, bench] of selected.entries()) {
  const startedMs = performance.now();
  process.stderr.write(`[${index + 1}/${selected.length}] ${bench.id} `);
  try {
    const measured = await runApart(bench);
    results.push(...measured);
    mergeIntoSummary(
      SUMMARY,
      measured,
      ROWS.map(({ name }) => name),
    );
    process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s\n`);
  } catch (error) {
    failed.push(bench.id);
    process.stderr.write(`failed: ${messageOf(error)}\n`);
  }
}
console.log(tableOf(results, ROWS));
const missed = results.filter((result) => !isMet(result, ROWS)).map(({ name }) => name);
if (missed.length > 0) console.log(`below target: ${missed.join(', ')}`);
if (failed.length > 0) console.log(`could not be run: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 || (options.check && missed.length > 0) ? 1 : 0;

function readArguments() {
  try {
    return parseArgs({ options: { check: { type: 'boolean', default: false } }, allowPositionals: true });
  } catch (error) {
    console.error(
      `${messageOf(error).split('. ')[0]}\nusage: npm run bench -- [--check] [${BENCHES.map(({ id }) => id).join('|')}]…`,
    );
    process.exit(2);
  }
}

/** A benchmark is named by its id or by any of its rows. */
function select(wanted: readonly string[]): readonly Bench[] {
  const namesOf = (bench: Bench) => [bench.id, ...bench.rows.map(({ name }) => name)];
  const unknown = wanted.filter((name) => !BENCHES.some((bench) => namesOf(bench).includes(name)));
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(', ')}; there is ${BENCHES.map(({ id }) => id).join(', ')}`);
    process.exit(2);
  }
  return wanted.length === 0
    ? BENCHES
    : BENCHES.filter((bench) => namesOf(bench).some((name) => wanted.includes(name)));
}

function runApart({ id, rows }: Bench): Promise<readonly BenchResult[]> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [id], { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`took longer than ${TIMEOUT_MS / 1_000} s`));
    }, TIMEOUT_MS);
    let measured: readonly BenchResult[] = [];
    child.on('message', (message: readonly BenchResult[]) => {
      measured = message;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const missing = rows.filter(({ name }) => !measured.some((result) => result.name === name));
      if (missing.length === 0) resolve(measured);
      else reject(new Error(`ended with ${signal ?? code}, without ${missing.map(({ name }) => name).join(', ')}`));
    });
  });
}
