import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisHistoryStore, historyKeysOf } from '@proxywatch/core/drivers/history/redis-history-store';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS } from '../harness/settings.ts';
import { settle } from '../harness/settle.ts';
import { eventually } from '../harness/wait.ts';
import type { World } from '../harness/world.ts';
import { TAKEN_OVER_MS } from './gateway-faults.ts';

export const slow: Scenario = {
  name: 'redis-slow',
  title: 'Redis answers late: by 50 to 400 ms each way, for all gateways',
  async run(world) {
    for (const { link } of world.fleet.all) link.delayMs = world.random.between(25, 200);
    world.timeline.note('Redis is slow');
    await sleep(3 * LEASE_MS);
    for (const { link } of world.fleet.all) link.delayMs = 0;
    await settle(world, 'Redis was slow', TAKEN_OVER_MS);
  },
};

export const cutOff: Scenario = {
  name: 'redis-cut',
  title: 'Redis cut off from all gateways for longer than a lease, by broken connections and by silence',
  async run(world) {
    for (const how of ['cut', 'hold'] as const) {
      for (const { link } of world.fleet.all) link[how]();
      world.timeline.note(`Redis is away: ${how}`);
      await sleep(LEASE_MS * 1.5);
      const servers = await Promise.all(world.registered.map((id) => world.prober.servers(id, 4_000)));
      if (servers.some(({ length }) => length > 0)) world.timeline.violate('served', 'statistics without a lease');
      for (const { link } of world.fleet.all) link.open();
      world.timeline.note('Redis is back');
      // A connection that was silent is given up after four seconds, and its successor needs one more.
      await settle(world, `Redis was away: ${how}`, TAKEN_OVER_MS + (how === 'hold' ? 5_000 : 0));
    }
  },
};

export const partitioned: Scenario = {
  name: 'redis-partition',
  title: 'one gateway is cut off from Redis while it writes; its late writes arrive after others took over',
  async run(world) {
    const proxyId = world.random.pick(world.registered);
    const owner = await world.awaitOwnerOf(proxyId);
    const token = String(await world.redis.call('GET', historyKeysOf(proxyId).fence));
    owner.link.hold();
    world.timeline.note(`${owner.id} does not reach Redis any more`);
    await settle(world, `${owner.id} was cut off`, TAKEN_OVER_MS, { without: owner.id });
    await sleep(1_000);
    owner.link.open();
    world.timeline.note(`what ${owner.id} wrote meanwhile arrives`);
    await eventually(() => owner.writes.fenced > 0 || undefined, {
      withinMs: 5_000,
      problem: () => 'no late write was refused: none was under way, nothing was tested',
    });
    world.timeline.note(`${owner.writes.fenced} late writes were refused`);
    await refusesLateWrite(world, proxyId, token);
    await settle(world, `${owner.id} is back`, TAKEN_OVER_MS);
  },
};

/** A write with a former owner's token changes nothing. */
export async function refusesLateWrite(world: World, proxyId: string, token: string): Promise<void> {
  const refusal = await world.redis.use(async (redis) => {
    const batch = {
      replaces: 'everything',
      meta: 'late',
      rows: new Map(),
      deletedRows: [],
      deletedSeries: [],
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
