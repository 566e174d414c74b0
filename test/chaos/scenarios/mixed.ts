import { setTimeout as sleep } from 'node:timers/promises';
import { balance } from '../harness/balance.ts';
import type { GatewayProcess } from '../harness/gateway-process.ts';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS } from '../harness/settings.ts';
import { settle } from '../harness/settle.ts';
import type { World } from '../harness/world.ts';
import { TAKEN_OVER_MS } from './gateway-faults.ts';
import { LIFE_MS, SEEN_AGAIN_MS, slotsOf } from './proxy-faults.ts';

/** Something that happens to a gateway, over when it resolves; one gateway runs all the time. */
type Stroke = (world: World, victim: GatewayProcess) => Promise<void>;

const STROKES: readonly Stroke[] = [
  async function killedAndRestarted(world, { id }) {
    await world.fleet.kill(id);
    await sleep(world.random.between(0, 1.5 * LEASE_MS));
    await world.fleet.start(id);
  },
  async function killedAndReplaced(world, { id }) {
    await world.fleet.kill(id);
    await world.fleet.start(nextName(id));
  },
  async function rolled(world, { id }) {
    await world.fleet.terminate(id);
    await world.fleet.start(nextName(id));
  },
  async function paused(world, victim) {
    victim.pause();
    world.timeline.note(`${victim.id} is stopped`);
    await sleep(world.random.between(100, 3 * LEASE_MS));
    victim.resume();
    world.timeline.note(`${victim.id} goes on`);
  },
  async function cutOff(world, victim) {
    const how = world.random.pick(['cut', 'hold'] as const);
    victim.link[how]();
    world.timeline.note(`${victim.id} loses Redis: ${how}`);
    await sleep(world.random.between(100, 2 * LEASE_MS));
    victim.link.open();
    world.timeline.note(`${victim.id} has Redis again`);
  },
  async function slowed(world, victim) {
    victim.link.delayMs = world.random.between(20, 300);
    world.timeline.note(`${victim.id} has a slow Redis`);
    await sleep(world.random.between(500, 2 * LEASE_MS));
    victim.link.delayMs = 0;
  },
];

/** What gateways answer and Redis does after silence: a connection is given up after four seconds. */
const RECOVERED_MS = TAKEN_OVER_MS + SEEN_AGAIN_MS;

/** `steps` rounds, each with up to three gateways struck at once, proxies moved, restarted and emptied meanwhile. */
export function mixed(name: string, steps: number, prometheus = false): Scenario {
  return {
    name,
    title: `${steps} rounds of everything at once${prometheus ? ', with a Prometheus' : ''}: up to three gateways struck, proxies moved, restarted and emptied`,
    world: { gateways: 4, proxies: 10, prometheus },
    async run(world) {
      for (let step = 1; step <= steps; step++) {
        world.timeline.note(`round ${step}`);
        if (world.random.chance(0.25)) await emptyRedis(world);
        else await strikeSome(world);
        await settle(world, `round ${step}`, RECOVERED_MS);
        if (world.random.chance(0.5)) await balance(world, `after round ${step}`);
      }
    },
  };
}

async function strikeSome(world: World): Promise<void> {
  const victims = world.random.sample(world.fleet.running, world.random.between(1, 3));
  const strokes = victims.map(async (victim) => {
    const stroke = world.random.pick(STROKES);
    await sleep(world.random.between(0, 1_000));
    await stroke(world, victim);
  });
  await Promise.all([...strokes, strikeProxies(world)]);
}

/** Whatever else fails in the same moment may be what alone remembers: here only proxies do. */
async function emptyRedis(world: World): Promise<void> {
  await Promise.all([strikeProxies(world), world.emptyRedis()]);
  await sleep(2 * LEASE_MS);
}

async function strikeProxies(world: World): Promise<void> {
  const old = world.registered.filter((id) => world.proxy(id).lifeMs > LIFE_MS);
  for (const id of world.random.sample(old, world.random.between(0, 2))) {
    await sleep(world.random.between(0, 700));
    if (world.random.chance(0.5)) world.resetProxy(id);
    else await world.restartProxy(id);
  }
  // None while Redis has just been emptied.
  const slots = [...(await slotsOf(world)).values()];
  if (slots.length === 0) return;
  for (const id of world.random.sample(world.registered, world.random.between(0, 2))) {
    await world.redis.pin(id, world.random.chance(0.3) ? undefined : world.random.pick(slots));
  }
}

/** A successor is another member. */
function nextName(id: string): string {
  const [, name = id, life = '1'] = /^(g\d+)(?:-(\d+))?$/.exec(id) ?? [];
  return `${name}-${Number(life) + 1}`;
}
