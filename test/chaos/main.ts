// npm run chaos [-- --seed <n>] [--only <scenario>]…: faults in a fleet of real gateways, one scenario after
// another and then mixed. Prints the seed, a timeline and a table; fails when anything that is promised did not hold.
import { parseArgs } from 'node:util';
import { messageOf } from '@proxywatch/core/domain/errors';
import { type Outcome, runScenario } from './harness/run-scenario.ts';
import { tableOf } from './report.ts';
import { SCENARIOS } from './scenarios/index.ts';

const options = readOptions();
const seed = Number(options.seed ?? Date.now() % 1_000_000);
const unknown = options.only.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) misused(`no scenario ${unknown.join(', ')}`);
if (!Number.isSafeInteger(seed)) misused(`--seed ${options.seed} is no whole number`);
const selected = SCENARIOS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
console.log(`seed ${seed}`);
const outcomes: Outcome[] = [];
for (const scenario of selected) {
  console.log(`\n${scenario.name}: ${scenario.title}`);
  const outcome = await runScenario(scenario, { seed, onLine: console.log });
  outcomes.push(outcome);
  if (outcome.violations.length === 0) continue;
  console.log(outcome.logs);
  console.log(`to repeat: npm run chaos -- --seed ${seed} --only ${scenario.name}`);
}
console.log(`\n${tableOf(outcomes)}\nseed ${seed}`);
process.exitCode = outcomes.some(({ violations }) => violations.length > 0) ? 1 : 0;

function readOptions() {
  const only = { type: 'string', multiple: true, default: [] as string[] } as const;
  try {
    return parseArgs({ options: { seed: { type: 'string' }, only } }).values;
  } catch (error) {
    return misused(messageOf(error).split('. ')[0] ?? '');
  }
}

function misused(problem: string): never {
  const names = SCENARIOS.map(({ name }) => name).join('|');
  console.error(`${problem}\nusage: npm run chaos [-- --seed <n>] [--only ${names}]…`);
  process.exit(2);
}
