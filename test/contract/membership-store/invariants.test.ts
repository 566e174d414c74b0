import { expect, test } from '@jest/globals';
import { fc } from '../../support/properties.ts';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';
import { Gateway, slotsOf, TIMEOUT_MS } from './fleet.ts';
import { passTime } from './fleet-clock.ts';

const SLOTS = 3;
const MEMBERS = 6;

type Step =
  | { readonly kind: 'beat' | 'leave' | 'restart'; readonly member: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'empty' };

const member = fc.integer({ min: 0, max: MEMBERS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('beat' as const), member }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('leave' as const, 'restart' as const), member }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: TIMEOUT_MS * 0.6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'empty' as const }) },
);

describeOnRedis('any course of a fleet', (server) => {
  test('has one member per slot, and never takes a slot from one that was heard in time', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const { redis } = server();
      await emptyRedis(redis);
      let lives = 0;
      const start = () => new Gateway(redis, `life-${lives++}`, SLOTS);
      const fleet = Array.from({ length: MEMBERS }, start);
      /** By member: its slot and how long ago it was told so. */
      const told = new Map<string, { readonly slot: string; silentMs: number }>();
      for (const now of steps) {
        if (now.kind === 'empty') {
          await emptyRedis(redis);
          // Whoever is new may come first to an empty Redis: what was promised before is void for the others.
          told.clear();
        } else if (now.kind === 'pass') {
          await passTime(redis, now.ms);
          for (const promise of told.values()) promise.silentMs += now.ms;
        } else {
          const gateway = fleet[now.member]!;
          if (now.kind === 'leave') await gateway.leave();
          if (now.kind !== 'beat') {
            fleet[now.member] = start();
            if (now.kind === 'leave') told.delete(gateway.id);
            continue;
          }
          const slots = slotsOf(await gateway.beat());
          const taken = Object.values(slots).filter((slot) => slot !== undefined);
          expect(new Set(taken).size).toBe(taken.length);
          expect(taken.every((slot) => /^slot-[1-3]$/.test(slot))).toBe(true);
          for (const [id, { slot, silentMs }] of told) if (silentMs < TIMEOUT_MS * 0.9) expect(slots[id]).toBe(slot);
          told.delete(gateway.id);
          const slot = slots[gateway.id];
          if (slot !== undefined) told.set(gateway.id, { slot, silentMs: 0 });
        }
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test('ends with all slots taken once as many members as slots are heard for two timeouts', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { redis } = server();
      await emptyRedis(redis);
      const fleet = Array.from({ length: MEMBERS }, (_, i) => new Gateway(redis, `member-${i}`, SLOTS));
      for (const now of steps) {
        if (now.kind === 'empty') await emptyRedis(redis);
        else if (now.kind === 'pass') await passTime(redis, now.ms);
        else if (now.kind === 'beat') await fleet[now.member]!.beat();
        else await fleet[now.member]!.leave();
      }
      const rest = fleet.slice(-SLOTS);
      for (let round = 0; round < 5; round++) {
        for (const gateway of rest) await gateway.beat();
        await passTime(redis, TIMEOUT_MS / 2);
      }
      for (const gateway of rest) await gateway.beat();
      const views = await Promise.all(rest.map((gateway) => gateway.beat()));
      expect(Object.values(slotsOf(views[0]!)).toSorted()).toEqual(['slot-1', 'slot-2', 'slot-3']);
      expect(views.filter(({ isPlanner }) => isPlanner)).toHaveLength(1);
    });
    await fc.assert(property, { numRuns: 30 });
  });
});
