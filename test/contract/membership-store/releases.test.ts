import { expect, test } from '@jest/globals';
import { FLEET_KEYS } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { fc } from '../../support/properties.ts';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';
import { Gateway, GRACE_MS, TIMEOUT_MS } from './fleet.ts';
import { fieldsOf, passTime } from './fleet-clock.ts';
import { PlanningGateway, settle } from './planned-fleet.ts';

const PROXIES = Array.from({ length: 30 }, (_, i) => `shop-${i}`);

describeOnRedis('a member of a release', (server) => {
  const gateway = (id: string, release?: string) => new Gateway(server().redis, id, 64, release);

  test('takes a slot of its own beside members of the same release', async () => {
    const fleet = ['a', 'b', 'c'].map((id) => gateway(id, 'proxywatch:7'));
    expect(await Promise.all(fleet.map((member) => member.slot()))).toEqual(
      expect.arrayContaining(['slot-1', 'slot-2', 'slot-3']),
    );
  });

  test('stands by while another release has slots, and takes those that are left before its own', async () => {
    const [old1, old2] = [gateway('old-1', 'r:1'), gateway('old-2', 'r:1')];
    const [new1, new2, new3] = [gateway('new-1', 'r:2'), gateway('new-2', 'r:2'), gateway('new-3', 'r:2')];
    for (const member of [old1, old2]) await member.beat();
    for (const member of [new1, new2, new3]) expect(await member.slot()).toBeUndefined();
    await old2.leave();
    expect([await new3.slot(), await new1.slot(), await new2.slot()]).toEqual(['slot-2', undefined, undefined]);
    await old1.leave();
    expect([await new1.slot(), await new2.slot()]).toEqual(['slot-1', 'slot-3']);
  });

  test('of the old release stands by too while the new one has slots', async () => {
    const [old1, old2, new1] = [gateway('old-1', 'r:1'), gateway('old-2', 'r:1'), gateway('new-1', 'r:2')];
    for (const member of [old1, old2, new1]) await member.beat();
    await old1.leave();
    expect(await new1.slot()).toBe('slot-1');
    const old3 = gateway('old-3', 'r:1');
    expect(await old3.slot()).toBeUndefined();
    await old2.leave();
    expect(await old3.slot()).toBe('slot-2');
  });

  test.each([
    ['r:1', 'r:10'],
    ['r:10', 'r:1'],
    ['a"b', 'a\\"b'],
    ['ä', 'a'],
  ])('%p is told from %p', async (one, other) => {
    await gateway('one', one).beat();
    expect(await gateway('other', other).slot()).toBeUndefined();
    expect(await gateway('same', one).slot()).toBe('slot-2');
  });

  test('meets members without one, as older versions write them, as if they were of its own', async () => {
    const older = gateway('older');
    await older.beat();
    const [[, record]] = (await fieldsOf(server().redis, FLEET_KEYS.members)) as [[string, string]];
    expect(record).toMatch(/^\d+ \{"advertise":/);
    expect(await gateway('new', 'r:2').slot()).toBe('slot-2');
    expect(await gateway('older-still').slot()).toBe('slot-3');
    expect(await gateway('newest', 'r:3').slot()).toBeUndefined();
  });

  test('shows it to the others', async () => {
    await gateway('a', 'r:1').beat();
    const { members } = await gateway('b').beat();
    expect(members.map(({ id, release }) => [id, release])).toEqual([
      ['a', 'r:1'],
      ['b', undefined],
    ]);
  });

  test('finds its own slot again, whoever has the others', async () => {
    const [old, next] = [gateway('old', 'r:1'), gateway('next', 'r:2')];
    await old.beat();
    await old.leave();
    await next.beat();
    const other = gateway('other', 'r:2');
    await other.beat();
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    await other.beat();
    await passTime(server().redis, 2_000);
    await other.beat();
    expect(await next.slot()).toBe('slot-1');
  });
});

describeOnRedis('a fleet of releases', (server) => {
  const fleetOf = (release: string | undefined, size: number, from = 1) =>
    Array.from({ length: size }, (_, i) => {
      return new PlanningGateway(server().redis, `${release}/${i + from}`, release, PROXIES);
    });

  test('moves no proxy to another slot when 3 follow 3', async () => {
    const [before, after] = [fleetOf('r:1', 3), fleetOf('r:2', 3)];
    await settle(before);
    const { assignment } = before[0]!;
    await settle([...before, ...after]);
    for (const [i, gateway] of before.entries()) {
      await gateway.leave();
      await settle([...before.slice(i + 1), ...after]);
      expect(after[0]!.assignment).toEqual(assignment);
      expect(after.filter(({ slotName }) => slotName !== undefined)).toHaveLength(i + 1);
    }
    expect(after.map(({ slotName }) => slotName).toSorted()).toEqual(['slot-1', 'slot-2', 'slot-3']);
  });

  test('gives newcomers of the same release their share at once', async () => {
    const fleet = fleetOf('r:1', 2);
    await settle(fleet);
    const grown = [...fleet, ...fleetOf('r:1', 1, 3)];
    await settle(grown);
    await settle(grown);
    expect(grown[2]!.slotName).toBe('slot-3');
    const weights = grown.map(({ holds }) => Object.values(holds).reduce((sum, weight) => sum + weight, 0));
    expect(Math.max(...weights) / Math.min(...weights)).toBeLessThan(1.5);
  });

  test('gives away what one had that left for good, after the grace', async () => {
    const [a, b, c] = fleetOf('r:1', 3) as [PlanningGateway, PlanningGateway, PlanningGateway];
    await settle([a, b, c]);
    await c.leave();
    await passTime(server().redis, TIMEOUT_MS / 2);
    await settle([a, b]);
    expect([...a.assignment.values()]).toContain('slot-3');
    for (let passed = 0; passed <= GRACE_MS; passed += TIMEOUT_MS / 2) {
      await passTime(server().redis, TIMEOUT_MS / 2);
      await settle([a, b]);
    }
    expect(new Set(a.assignment.values())).toEqual(new Set(['slot-1', 'slot-2']));
  });

  test.each([
    ['r:1', 'of the old release'],
    ['r:2', 'of the new release'],
  ])('gives the slot of one that crashed in the middle of a deploy to a standby (%s, %s)', async (release) => {
    const [before, after] = [fleetOf('r:1', 3), fleetOf('r:2', 1)];
    await settle(before);
    const { assignment } = before[0]!;
    await settle([...before, ...after]);
    await before[0]!.leave();
    const heir = fleetOf(release, 1, 9);
    const alive = [...before.slice(1, 2), ...after, ...heir];
    await settle([...alive, before[2]!]);
    expect(heir[0]!.slotName).toBeUndefined();
    await passTime(server().redis, TIMEOUT_MS - 10_000);
    await settle(alive);
    // Whoever finds that it is gone: he does not give away what somebody stands by for.
    await passTime(server().redis, 20_000);
    await settle(alive);
    expect(heir[0]!.slotName).toBe('slot-3');
    expect(heir[0]!.assignment).toEqual(assignment);
  });

  test('shares out what one had that crashed when nobody stands by', async () => {
    const [a, b, c] = fleetOf('r:1', 3) as [PlanningGateway, PlanningGateway, PlanningGateway];
    await settle([a, b, c]);
    await passTime(server().redis, TIMEOUT_MS - 10_000);
    await settle([a, b]);
    await passTime(server().redis, 20_000);
    await settle([a, b]);
    expect(new Set(c.assignment.values())).toContain('slot-3');
    expect(new Set(a.assignment.values())).toEqual(new Set(['slot-1', 'slot-2']));
  });

  test('is replaced by as many of another release without a move, in whatever order they stop, crash and are heard', async () => {
    const end = fc.record({ kind: fc.constantFrom('leave' as const, 'crash' as const), order: fc.nat(999) });
    const course = fc.record({
      ends: fc.array(end, { minLength: 1, maxLength: 4 }),
      turns: fc.array(fc.nat(7), { minLength: 12, maxLength: 30 }),
    });
    const property = fc.asyncProperty(course, async ({ ends, turns }) => {
      await emptyRedis(server().redis);
      const [before, after] = [fleetOf('r:1', ends.length), fleetOf('r:2', ends.length)];
      await settle(before);
      const { assignment } = before[0]!;
      await settle([...before, ...after]);
      const alive = [...before, ...after];
      for (const { kind, order } of ends) {
        const [gone] = alive.splice(order % before.filter((gateway) => alive.includes(gateway)).length, 1);
        if (kind === 'leave') await gone!.leave();
        for (const turn of turns) {
          if (kind === 'crash') await passTime(server().redis, Math.ceil((1.5 * TIMEOUT_MS) / turns.length));
          const gateway = alive[turn % alive.length]!;
          await gateway.beat();
          expect(gateway.assignment).toEqual(assignment);
          // Nobody else falls silent.
          for (const other of alive) if (kind === 'crash' && other !== gateway) await other.beat();
        }
        await settle(alive);
      }
      expect(after.map(({ slotName }) => slotName).toSorted()).toEqual(ends.map((_, i) => `slot-${i + 1}`).toSorted());
      expect(after[0]!.assignment).toEqual(assignment);
    });
    await fc.assert(property, { numRuns: 12 });
  });
});
