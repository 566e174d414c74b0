import { expect, test } from '@jest/globals';
import { FLEET_KEYS } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';
import { Gateway, optionsFor, slotsOf, TIMEOUT_MS } from './fleet.ts';
import { passTime } from './fleet-clock.ts';

const assignment = new Map([
  ['shop-1', 'slot-1'],
  ['shop-2', 'slot-2'],
]);

describeOnRedis('planning', (server) => {
  const gateway = (id: string) => new Gateway(server().redis, id, 2);

  test('is the business of one member at a time', async () => {
    const fleet = Array.from({ length: 20 }, (_, i) => gateway(`m${i}`));
    const views = await Promise.all(fleet.map((member) => member.beat()));
    expect(views.filter(({ isPlanner }) => isPlanner)).toHaveLength(1);
    const planner = views.findIndex(({ isPlanner }) => isPlanner);
    for (const [i, member] of fleet.entries()) expect((await member.beat()).isPlanner).toBe(i === planner);
  });

  test('passes on at once when the planner leaves, and after a timeout when it is silent', async () => {
    const [a, b, c] = [gateway('a'), gateway('b'), gateway('c')];
    for (const member of [a, b, c]) await member.beat();
    await a.leave();
    expect((await b.beat()).isPlanner).toBe(true);
    await c.beat();
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    expect((await c.beat()).isPlanner).toBe(false);
    await passTime(server().redis, 2_000);
    expect((await c.beat()).isPlanner).toBe(true);
    expect((await b.beat()).isPlanner).toBe(false);
  });

  test('gives an assignment to all, with a version that only rises', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    expect(await a.store.publish('a', assignment, 0)).toBe(true);
    const first = await b.beat();
    expect(first.assignment).toEqual(assignment);
    expect(await a.store.publish('a', new Map(), first.assignmentVersion)).toBe(true);
    const second = await b.beat();
    expect(second.assignment).toEqual(new Map());
    expect(second.assignmentVersion).toBeGreaterThan(first.assignmentVersion);
    expect(await a.beat()).toMatchObject({ assignmentVersion: second.assignmentVersion });
  });

  test('sends an assignment only to those who do not know it', async () => {
    const a = gateway('a');
    await a.beat();
    await a.store.publish('a', assignment, 0);
    const first = await a.beat();
    expect((await a.beat()).assignment).toBe(first.assignment);
    await server().redis.call('HSET', [FLEET_KEYS.fleet, 'version', first.assignmentVersion + 1]);
    expect((await a.beat()).assignment).not.toBe(first.assignment);
  });

  test('is refused to others, to a former planner, and on an old version', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    expect(await a.store.publish('a', assignment, 0)).toBe(false);
    await a.beat();
    await b.beat();
    expect(await b.store.publish('b', assignment, 0)).toBe(false);
    expect(await a.store.publish('a', assignment, 1)).toBe(false);
    expect(await a.store.publish('a', assignment, 0)).toBe(true);
    expect(await a.store.publish('a', assignment, 0)).toBe(false);
    const { assignmentVersion } = await b.beat();
    await a.leave();
    await b.beat();
    expect(await a.store.publish('a', assignment, assignmentVersion)).toBe(false);
    expect(await b.store.publish('b', assignment, assignmentVersion)).toBe(true);
  });

  test('takes place once when one planner publishes twice at once', async () => {
    const a = gateway('a');
    await a.beat();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => a.store.publish('a', assignment, 0)));
    expect(outcomes.filter((published) => published)).toHaveLength(1);
  });

  test('rests until all had time to come back to a Redis that was empty or away', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    await b.beat();
    await emptyRedis(server().redis);
    expect([(await a.beat()).isPlanner, (await b.beat()).isPlanner]).toEqual([false, false]);
    expect(await a.store.publish('a', assignment, 0)).toBe(false);
    await passTime(server().redis, TIMEOUT_MS - 5_000);
    expect([(await a.beat()).isPlanner, (await b.beat()).isPlanner]).toEqual([false, false]);
    await passTime(server().redis, 10_000);
    expect([(await b.beat()).isPlanner, (await a.beat()).isPlanner]).toEqual([true, false]);
    await passTime(server().redis, 2 * TIMEOUT_MS);
    expect([(await a.beat()).isPlanner, (await b.beat()).isPlanner]).toEqual([false, false]);
  });

  test('begins in a fleet without a trace of another once everybody else had time to be heard', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    a.settleMs = b.settleMs = 60_000;
    expect(await a.beat()).toMatchObject({ isPlanner: false, members: [{ id: 'a', slot: undefined }] });
    await passTime(server().redis, 50_000);
    expect((await b.beat()).isPlanner).toBe(false);
    await passTime(server().redis, 10_000);
    expect(slotsOf(await b.beat())).toEqual({ a: undefined, b: 'slot-1' });
    expect(await a.beat()).toMatchObject({ isPlanner: true, members: [{ slot: 'slot-2' }, { slot: 'slot-1' }] });
  });

  test('is not begun by somebody new who comes first to a Redis that is empty: those who remember are heard', async () => {
    const [a, b, fresh] = [gateway('a'), gateway('b'), gateway('fresh')];
    await a.beat();
    await b.beat();
    await emptyRedis(server().redis);
    fresh.settleMs = 60_000;
    expect(slotsOf(await fresh.beat())).toEqual({ fresh: undefined });
    expect(slotsOf(await b.beat())).toEqual({ b: 'slot-2', fresh: undefined });
    expect(slotsOf(await a.beat())).toEqual({ a: 'slot-1', b: 'slot-2', fresh: undefined });
    // From then on it is a doubt like any other.
    await passTime(server().redis, TIMEOUT_MS - 5_000);
    const views = await Promise.all([a, b, fresh].map((member) => member.beat()));
    expect(views.map(({ isPlanner }) => isPlanner)).toEqual([false, false, false]);
    await passTime(server().redis, 10_000);
    expect((await a.beat()).isPlanner || (await b.beat()).isPlanner || (await fresh.beat()).isPlanner).toBe(true);
  });

  test('goes on at once when all others left, however long ago', async () => {
    const a = gateway('a');
    await a.beat();
    await a.leave();
    await passTime(server().redis, 10 * TIMEOUT_MS);
    const b = gateway('b');
    expect((await b.beat()).isPlanner).toBe(true);
    // Alone, it was not missed by anybody.
    await passTime(server().redis, 10 * TIMEOUT_MS);
    expect(await b.beat()).toMatchObject({ isPlanner: true, members: [{ id: 'b', slot: 'slot-1' }] });
  });

  test('starts from nothing when the assignment is damaged', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    for (const damage of ['{"shop-1":', '{"shop-1":7}', '[]', '']) {
      await a.store.publish('a', assignment, (await a.beat()).assignmentVersion);
      await server().redis.call('HSET', [FLEET_KEYS.fleet, 'assignment', damage]);
      const { assignment: seen, assignmentVersion } = await b.store.heartbeat(b.heartbeat, optionsFor(2));
      expect(seen.size).toBe(0);
      expect(await a.store.publish('a', assignment, assignmentVersion)).toBe(true);
      expect((await b.beat()).assignment).toEqual(assignment);
    }
  });
});
