// npm run chaos [-- --seed <n>] [--only <scenario>]…: faults in a fleet of real gateways, one scenario after
// another and then mixed. Prints the seed, a timeline and a table; fails when anything that is promised did not hold.
import { parseArgs } from 'node:util';
import { type Outcome, runScenario } from './harness/run-scenario.ts';
import { tableOf } from './report.ts';
import { SCENARIOS } from './scenarios/index.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const seed = Number(options.seed ?? Date.now() % 1_000_000);
const unknown = options.only.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(`usage: npm run chaos [-- --seed <n>] [--only ${SCENARIOS.map(({ name }) => name).join('|')}]`);
  process.exit(2);
}
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
