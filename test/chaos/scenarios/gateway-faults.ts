import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../harness/run-scenario.ts';
import { LEASE_MS, SLOT_GRACE_MS } from '../harness/settings.ts';
import { settle, shared } from '../harness/settle.ts';
import { MOMENTS, type Moment, strike } from './moments.ts';

/** Shares move a few at a time, each with the next plan. */
const SHARED_MS = 10_000;
/** The promise: owned again within two lease times. */
export const TAKEN_OVER_MS = 2 * LEASE_MS;

/** One after the other, at these moments; each is restarted. */
function killedAt(name: string, moments: readonly Moment[]): Scenario {
  return {
    name,
    title: `kill -9 of a gateway, moments: ${moments.join(', ')}`,
    async run(world) {
      for (const moment of moments) {
        const id = await strike(world, moment, async (victim) => {
          await world.fleet.kill(victim.id);
          return victim.id;
        });
        await settle(world, `the death of ${id}`, TAKEN_OVER_MS);
        await world.fleet.start(id);
        await sleep(world.random.between(500, 2_000));
      }
    },
  };
}

export const killed = killedAt('kill', MOMENTS);
export const killedOnce = killedAt('kill-one', ['written']);

export const paused: Scenario = {
  name: 'pause',
  title: 'SIGSTOP for three lease times and SIGCONT, while it reads and between write and exposure',
  async run(world) {
    for (const moment of ['read', 'written'] as const) {
      const victim = await strike(world, moment, (gateway) => {
        gateway.pause();
        return gateway;
      });
      const pausedMs = performance.now();
      world.timeline.note(`${victim.id} is stopped`);
      await settle(world, `SIGSTOP of ${victim.id}`, TAKEN_OVER_MS, { sinceMs: pausedMs });
      await sleep(Math.max(0, pausedMs + 3 * LEASE_MS - performance.now()));
      victim.resume();
      world.timeline.note(`${victim.id} goes on`);
      await settle(world, `SIGCONT of ${victim.id}`, TAKEN_OVER_MS);
    }
  },
};

export const allRestarted: Scenario = {
  name: 'all-restarted',
  title: 'all gateways killed and restarted at once, under the same names and under new ones',
  async run(world) {
    for (const names of ['the same', 'new'] as const) {
      const ids = world.fleet.all.map(({ id }) => id);
      await Promise.all(ids.map((id) => world.fleet.kill(id)));
      const diedMs = performance.now();
      await Promise.all(ids.map((id) => world.fleet.start(names === 'new' ? `${id}n` : id)));
      await settle(world, `all were restarted under ${names} names`, Math.max(TAKEN_OVER_MS, sinceStart(diedMs)));
      await sleep(world.random.between(500, 1_500));
    }
  },
};

export const scaled: Scenario = {
  name: 'scale',
  title: '3 → 1 → 5 gateways',
  world: { gateways: 3, proxies: 10 },
  async run(world) {
    await Promise.all(['g2', 'g3'].map((id) => world.fleet.terminate(id)));
    await settle(world, 'two of three left', SLOT_GRACE_MS + TAKEN_OVER_MS);
    await Promise.all(['g4', 'g5', 'g6', 'g7'].map((id) => world.fleet.start(id)));
    await settle(world, 'four joined', TAKEN_OVER_MS);
    await shared(world, SHARED_MS);
  },
};

export const rolled: Scenario = {
  name: 'roll',
  title: 'rolling deploy: SIGTERM of each gateway with a successor; SIGTERM of one without',
  async run(world) {
    for (const id of world.fleet.all.map((gateway) => gateway.id)) {
      await world.fleet.terminate(id);
      await world.fleet.start(`${id}b`);
      await settle(world, `${id}b succeeded ${id}`, TAKEN_OVER_MS);
    }
    await world.fleet.terminate('g1b');
    await settle(world, 'g1b left for good', SLOT_GRACE_MS + TAKEN_OVER_MS);
  },
};

/** A process needs its time to start; leases run out meanwhile. */
function sinceStart(diedMs: number): number {
  return performance.now() - diedMs + TAKEN_OVER_MS;
}
