import { messageOf } from '@proxywatch/core/domain/errors';
import { balance } from './balance.ts';
import { createRandom } from './random.ts';
import { Timeline } from './timeline.ts';
import { within } from './wait.ts';
import { World, type WorldOptions } from './world.ts';

export interface Scenario {
  readonly name: string;
  /** What is done to the fleet, in one line. */
  readonly title: string;
  readonly world?: Pick<WorldOptions, 'gateways' | 'proxies' | 'env' | 'prometheus'>;
  /** Called under traffic, with every proxy served; what it leaves is settled and compared afterwards. */
  readonly run: (world: World) => Promise<void>;
}

export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly violations: readonly string[];
  readonly timeline: readonly string[];
  /** The last lines of all gateways, where something was violated. */
  readonly logs: string;
  readonly answers: number;
  readonly rounds: number;
  readonly executions: number;
  readonly seconds: number;
}

const TIMEOUT_MS = 150_000;

export interface RunOptions {
  readonly seed: number;
  /** Whether it may take longer than promised until all proxies are served: on a machine that is busy otherwise. @default false */
  readonly isPatient?: boolean;
  /** Hears of what happens. */
  readonly onLine?: (line: string) => void;
}

/** Runs one scenario in a world of its own. The seed repeats its programme, not the machine's timing. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { seed, onLine, isPatient = false } = options;
  const startedMs = performance.now();
  const timeline = new Timeline(onLine);
  let world: World | undefined;
  try {
    world = await World.start({ ...scenario.world, random: createRandom(seed, scenario.name), timeline, isPatient });
    await within(TIMEOUT_MS, `the scenario ${scenario.name}`, play(scenario, world));
  } catch (error) {
    timeline.violate('stopped', messageOf(error));
  }
  const logs = timeline.violations.length > 0 ? (world?.fleet.logs ?? '') : '';
  const executions = world?.proxies.reduce((sum, { truth }) => sum + truth.total.executions, 0) ?? 0;
  await world?.stop();
  return {
    scenario: scenario.name,
    seed,
    violations: timeline.violations,
    timeline: timeline.lines,
    logs,
    answers: world?.witness.answers ?? 0,
    rounds: world?.prober.rounds ?? 0,
    executions,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

async function play(scenario: Scenario, world: World): Promise<void> {
  world.traffic.resume();
  await scenario.run(world);
  await balance(world, 'after the faults');
  // Once more, so that what goes wrong later is seen too.
  await balance(world, 'at the end');
}
