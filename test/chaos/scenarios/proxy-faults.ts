import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS } from '../harness/settings.ts';
import { settle } from '../harness/settle.ts';
import { eventually } from '../harness/wait.ts';
import type { World } from '../harness/world.ts';
import { TAKEN_OVER_MS } from './gateway-faults.ts';

/** A breaker that opened at a proxy's restart tries again after at most so long. */
export const SEEN_AGAIN_MS = 10_000;
/** Less than this a table does not live between two resets: shorter lives than gaps between reads cannot be told apart. */
export const LIFE_MS = 12_000;

export const moved: Scenario = {
  name: 'move',
  title: 'one proxy is moved ten times, by pins, while the others stay',
  async run(world) {
    const proxyId = world.random.pick(world.registered);
    for (let n = 0; n < 10; n++) {
      const from = await world.ownerOf(proxyId);
      const slots = await slotsOf(world);
      const others = [...slots].filter(([id]) => id !== from?.id);
      const [id, slot] = world.random.pick(others);
      await world.redis.pin(proxyId, slot);
      await eventually(async () => ((await world.ownerOf(proxyId))?.id === id ? true : undefined), {
        withinMs: TAKEN_OVER_MS,
        problem: () => `${proxyId} did not move to ${id}`,
      });
      await sleep(world.random.between(0, 800));
    }
    await world.redis.pin(proxyId, undefined);
    await settle(world, 'ten moves', TAKEN_OVER_MS);
  },
};

export const labsRestarted: Scenario = {
  name: 'proxies-restarted',
  title: 'proxies restart, and tables are emptied by others, under traffic',
  async run(world) {
    const [restarting = [], emptied = []] = [world.random.sample(world.registered, 4), world.registered].map(
      (ids, i) => (i === 0 ? ids : world.random.sample(ids, 4)),
    );
    for (const id of restarting) {
      await world.restartProxy(id);
      await sleep(world.random.between(0, 500));
    }
    for (const id of emptied) if (!restarting.includes(id)) world.resetProxy(id);
    await sleep(LEASE_MS);
    await settle(world, 'restarts and resets', SEEN_AGAIN_MS);
  },
};

export const removed: Scenario = {
  name: 'registry',
  title: 'proxies are removed from the registry and return, others restart meanwhile',
  async run(world) {
    const all = world.registered;
    const gone = world.random.sample(all, 3);
    world.timeline.note(`${gone.join(' ')} are removed`);
    world.register(all.filter((id) => !gone.includes(id)));
    await eventually(async () => (await areUnknown(world, gone)) || undefined, {
      withinMs: TAKEN_OVER_MS,
      problem: () => 'removed proxies are still served',
    });
    await sleep(world.random.between(500, 2_500));
    world.timeline.note(`${gone.join(' ')} return`);
    world.register(all);
    await settle(world, 'the return', TAKEN_OVER_MS);
  },
};

/** By id of the gateway. */
export async function slotsOf(world: World): Promise<ReadonlyMap<string, string>> {
  const slots = new Map<string, string>();
  const fields = await world.redis.call('HGETALL', '{proxywatch}:slots');
  const flat = Array.isArray(fields) ? fields.map(String) : [];
  for (let i = 0; i < flat.length; i += 2) {
    const [kind, , id = ''] = (flat[i + 1] ?? '').split(' ');
    if (kind === 'held') slots.set(id, flat[i] ?? '');
  }
  return slots;
}

async function areUnknown(world: World, ids: readonly string[]): Promise<boolean> {
  const urls = world.fleet.running.flatMap(({ url }) => ids.map((id) => `${url}/metrics?proxy=${id}`));
  const statuses = await Promise.all(urls.map(async (url) => (await fetch(url, { redirect: 'manual' })).status));
  return statuses.every((status) => status === 404);
}
