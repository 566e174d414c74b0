import { describe, expect, test } from '@jest/globals';
import { runScenario } from '../chaos/harness/run-scenario.ts';
import { SMALL } from '../chaos/scenarios/index.ts';

const SEED = 20_261;

describe('a fleet of gateways, to the execution', () => {
  test.each(SMALL)('stands $name: $title', async (scenario) => {
    const { violations, timeline, logs } = await runScenario(scenario, { seed: SEED, isPatient: true });
    const story = violations.length === 0 ? [] : [...timeline, logs];
    expect([...violations, ...story]).toEqual([]);
  });
});
