import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayProcess } from '../harness/gateway-process.ts';
import { within } from '../harness/wait.ts';
import type { World } from '../harness/world.ts';

/** When a fault hits a gateway. */
export const MOMENTS = ['any', 'read', 'written'] as const;
export type Moment = (typeof MOMENTS)[number];

const COMES_WITHIN_MS = 10_000;

/**
 * Does something to the owner of some proxy: at any time, while it waits for a proxy's answer, or between a write of history
 * and its exposure. `act` must have its effect before it returns.
 */
export async function strike<T>(
  world: World,
  moment: Moment,
  act: (victim: GatewayProcess) => T | Promise<T>,
): Promise<T> {
  const proxy = world.proxy(world.random.pick(world.registered));
  const victim = await world.awaitOwnerOf(proxy.id);
  const struck = Promise.withResolvers<T>();
  const once = () => {
    proxy.onDigestRead = () => undefined;
    victim.onSaved = () => undefined;
    world.timeline.note(`${victim.id} is struck, moment: ${moment}`);
    void Promise.resolve(act(victim)).then(struck.resolve, struck.reject);
  };
  if (moment === 'read') proxy.onDigestRead = once;
  else if (moment === 'written') victim.onSaved = once;
  else {
    await sleep(world.random.between(0, 700));
    once();
  }
  return within(COMES_WITHIN_MS, `the moment ${moment} of ${victim.id}`, struck.promise);
}
