import { setTimeout as sleep } from 'node:timers/promises';
import { historyKeysOf } from '@proxywatch/core/drivers/history/redis-history-store';
import { putBack, takeSnapshot } from '../harness/redis-snapshot.ts';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS } from '../harness/settings.ts';
import { settle } from '../harness/settle.ts';
import type { World } from '../harness/world.ts';
import { TAKEN_OVER_MS } from './gateway-faults.ts';
import { slotsOf } from './proxy-faults.ts';

/** Every owner has written its histories anew: what a Redis that came back empty needs before anything else may fail. */
const REWRITTEN_MS = LEASE_MS + 2_000;

export const emptied: Scenario = {
  name: 'redis-emptied',
  title: 'Redis is emptied under living gateways, after resets: what they remember is all there is',
  async run(world) {
    for (const id of world.random.sample(world.registered, 3)) world.resetProxy(id);
    await sleep(3_000);
    for (let n = 0; n < 2; n++) {
      await world.emptyRedis();
      await sleep(REWRITTEN_MS);
      await settle(world, 'Redis was emptied', TAKEN_OVER_MS);
    }
    await provesWritten(world);
  },
};

export const restarted: Scenario = {
  name: 'redis-restarted',
  title: 'Redis restarts, empty, at once and after longer than a lease',
  async run(world) {
    for (const id of world.random.sample(world.registered, 3)) world.resetProxy(id);
    await sleep(3_000);
    for (const downMs of [0, 1.5 * LEASE_MS]) {
      await world.redis.restart(downMs);
      await settle(world, 'Redis was restarted', TAKEN_OVER_MS);
      await sleep(REWRITTEN_MS);
    }
    await provesWritten(world);
  },
};

export const older: Scenario = {
  name: 'redis-older',
  title: 'Redis comes back as it was before: a replica that lagged behind by one second, and by two leases',
  async run(world) {
    for (const id of world.random.sample(world.registered, 3)) world.resetProxy(id);
    for (const behindMs of [1_000, 2 * LEASE_MS]) {
      await sleep(REWRITTEN_MS);
      const snapshot = await world.redis.use(takeSnapshot);
      await sleep(behindMs);
      await world.redis.use((redis) => putBack(redis, snapshot));
      world.timeline.note(`Redis is as it was ${behindMs} ms ago`);
      await settle(world, 'Redis came back older', TAKEN_OVER_MS);
    }
  },
};

export const emptiedSlow: Scenario = {
  name: 'redis-emptied-slow',
  title: 'Redis is emptied while it answers late: writes and renewals overtake each other',
  async run(world) {
    for (const id of world.random.sample(world.registered, 3)) world.resetProxy(id);
    await sleep(3_000);
    for (const { link } of world.fleet.all) link.delayMs = world.random.between(50, 150);
    for (let n = 0; n < 3; n++) {
      await world.emptyRedis();
      await sleep(REWRITTEN_MS);
    }
    for (const { link } of world.fleet.all) link.delayMs = 0;
    await settle(world, 'Redis was slow and emptied', TAKEN_OVER_MS);
  },
};

export function emptiedOnTheMove(times: number): Scenario {
  return {
    name: 'redis-emptied-moving',
    title: 'Redis is emptied at the very moment at which proxies change their owners',
    async run(world) {
      for (const id of world.random.sample(world.registered, 4)) world.resetProxy(id);
      await sleep(3_000);
      for (let n = 0; n < times; n++) {
        const emptied = new AbortController();
        const moving = moveAround(world, emptied.signal);
        await world.emptyRedis(true).finally(() => emptied.abort());
        await moving;
        await sleep(REWRITTEN_MS);
        await settle(world, 'Redis was emptied', TAKEN_OVER_MS);
      }
    },
  };
}

/** Redis holds a history of every proxy again. */
async function provesWritten(world: World): Promise<void> {
  for (const id of world.registered) {
    if (Number(await world.redis.call('HLEN', historyKeysOf(id).series)) === 0)
      world.timeline.violate('not written', `Redis holds no history of ${id}`);
  }
}

/** Gives proxies to other owners, again and again, with the time for each to load what it got. */
async function moveAround(world: World, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const slots = [...(await slotsOf(world)).values()];
    // Not all: the planner lets go of its own at once, and the moment that is looked for is gone.
    const some = world.random.sample(world.registered, 3);
    if (slots.length > 0) await Promise.all(some.map((id) => world.redis.pin(id, world.random.pick(slots))));
    await sleep(2_500, undefined, { signal }).catch(() => undefined);
  }
}
