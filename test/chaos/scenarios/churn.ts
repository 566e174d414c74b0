import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../harness/run-scenario.ts';
import { settle } from '../harness/settle.ts';
import { TAKEN_OVER_MS } from './gateway-faults.ts';

const TOPS = ['4', '8', '100'];

/** Each gateway that takes a proxy over names more or fewer of its series than the one before. */
export const renamed: Scenario = {
  name: 'top-n',
  title: 'gateways with different DIGEST_TOP_N take proxies over from each other: series enter and leave',
  world: { env: { DIGEST_TOP_N: '8' } },
  async run(world) {
    for (let n = 0; n < 4; n++) {
      const { id } = world.random.pick(world.fleet.all);
      if (world.random.chance(0.5)) await world.fleet.kill(id);
      else await world.fleet.terminate(id);
      await world.fleet.start(id, { DIGEST_TOP_N: world.random.pick(TOPS) });
      await settle(world, `${id} was restarted`, TAKEN_OVER_MS);
      await sleep(world.random.between(500, 2_500));
    }
  },
};
