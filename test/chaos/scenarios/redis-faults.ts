import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisHistoryStore, historyKeysOf } from '@proxywatch/core/drivers/history/redis-history-store';
import { putBack, takeSnapshot } from '../harness/redis-snapshot.ts';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS, type World } from '../harness/world.ts';
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
      await world.settle('Redis was emptied', TAKEN_OVER_MS);
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
      await world.restartRedis(downMs);
      await world.settle('Redis was restarted', TAKEN_OVER_MS);
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
      const snapshot = await world.useRedis(takeSnapshot);
      await sleep(behindMs);
      await world.useRedis((redis) => putBack(redis, snapshot));
      world.timeline.note(`Redis is as it was ${behindMs} ms ago`);
      await world.settle('Redis came back older', TAKEN_OVER_MS);
    }
  },
};

export const emptiedSlow: Scenario = {
  name: 'redis-emptied-slow',
  title: 'Redis is emptied while it answers late: writes and renewals overtake each other',
  async run(world) {
    for (const id of world.random.sample(world.registered, 3)) world.resetProxy(id);
    await sleep(3_000);
    for (const { link } of world.gateways) link.delayMs = world.random.between(50, 150);
    for (let n = 0; n < 3; n++) {
      await world.emptyRedis();
      await sleep(REWRITTEN_MS);
    }
    for (const { link } of world.gateways) link.delayMs = 0;
    await world.settle('Redis was slow and emptied', TAKEN_OVER_MS);
  },
};

export const slow: Scenario = {
  name: 'redis-slow',
  title: 'Redis answers late: by 50 to 400 ms each way, for all gateways',
  async run(world) {
    for (const { link } of world.gateways) link.delayMs = world.random.between(25, 200);
    world.timeline.note('Redis is slow');
    await sleep(3 * LEASE_MS);
    for (const { link } of world.gateways) link.delayMs = 0;
    await world.settle('Redis was slow', TAKEN_OVER_MS);
  },
};

export const cutOff: Scenario = {
  name: 'redis-cut',
  title: 'Redis cut off from all gateways for longer than a lease, by broken connections and by silence',
  async run(world) {
    for (const how of ['cut', 'hold'] as const) {
      for (const { link } of world.gateways) link[how]();
      world.timeline.note(`Redis is away: ${how}`);
      await sleep(LEASE_MS * 1.5);
      const servers = await Promise.all(world.registered.map((id) => world.prober.servers(id, 4_000)));
      if (servers.some(({ length }) => length > 0)) world.timeline.violate('served', 'statistics without a lease');
      for (const { link } of world.gateways) link.open();
      world.timeline.note('Redis is back');
      // A connection that was silent is given up after four seconds, and its successor needs one more.
      await world.settle(`Redis was away: ${how}`, TAKEN_OVER_MS + (how === 'hold' ? 5_000 : 0));
    }
  },
};

export const partitioned: Scenario = {
  name: 'redis-partition',
  title: 'one gateway is cut off from Redis while it writes; its late writes arrive after others took over',
  async run(world) {
    const proxyId = world.random.pick(world.registered);
    const owner = await world.ownerOf(proxyId);
    if (!owner) throw new Error(`${proxyId} has no owner`);
    const token = String(await world.redisCall('GET', historyKeysOf(proxyId).fence));
    owner.link.hold();
    world.timeline.note(`${owner.id} does not reach Redis any more`);
    await world.settle(`${owner.id} was cut off`, TAKEN_OVER_MS, { without: owner.id });
    await sleep(1_000);
    owner.link.open();
    world.timeline.note(`what ${owner.id} wrote meanwhile arrives`);
    await sleep(500);
    if (owner.writes.fenced === 0) world.timeline.violate('late write', 'none was under way: nothing was tested');
    world.timeline.note(`${owner.writes.fenced} late writes were refused`);
    await refusesLateWrite(world, proxyId, token);
    await world.settle(`${owner.id} is back`, TAKEN_OVER_MS);
  },
};

/** A write with a former owner's token changes nothing. */
export async function refusesLateWrite(world: World, proxyId: string, token: string): Promise<void> {
  const refusal = await world.useRedis(async (redis) => {
    const batch = {
      replaces: 'everything',
      meta: 'late',
      rows: new Map(),
      deletedRows: [],
      series: new Map(),
    } as const;
    const write = { token, revision: undefined, readAgeMs: 0, batch: { ...batch, errors: new Map() } };
    return createRedisHistoryStore(redis)
      .save(proxyId, write)
      .then(
        ({ kind }) => kind,
        (error: unknown) => (error as { code?: string }).code,
      );
  });
  world.timeline.note(`a late write to ${proxyId} with the former owner's token: ${refusal}`);
  if (refusal !== 'STORE_FENCED')
    world.timeline.violate('late write', `the store answered ${refusal}, not STORE_FENCED`);
}

/** Redis holds a history of every proxy again. */
async function provesWritten(world: World): Promise<void> {
  for (const id of world.registered) {
    if (Number(await world.redisCall('HLEN', historyKeysOf(id).series)) === 0)
      world.timeline.violate('not written', `Redis holds no history of ${id}`);
  }
}

export const emptiedOnTheMove: Scenario = {
  name: 'redis-emptied-moving',
  title: 'Redis is emptied at the very moment at which proxies change their owners',
  async run(world) {
    for (const id of world.random.sample(world.registered, 4)) world.resetProxy(id);
    await sleep(3_000);
    for (let n = 0; n < 4; n++) {
      const emptied = new AbortController();
      const moving = moveAround(world, emptied.signal);
      await world.emptyRedis(true).finally(() => emptied.abort());
      await moving;
      await sleep(REWRITTEN_MS);
      await world.settle('Redis was emptied', TAKEN_OVER_MS);
    }
  },
};

/** Gives proxies to other owners, again and again, with the time for each to load what it got. */
async function moveAround(world: World, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const slots = [...(await slotsOf(world)).values()];
    // Not all: the planner lets go of its own at once, and the moment that is looked for is gone.
    const some = world.random.sample(world.registered, 3);
    if (slots.length > 0) await Promise.all(some.map((id) => world.pin(id, world.random.pick(slots))));
    await sleep(2_500, undefined, { signal }).catch(() => undefined);
  }
}
