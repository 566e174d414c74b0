import { expect, test } from '@jest/globals';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';
import { Gateway, GRACE_MS, slotsOf, TIMEOUT_MS } from './fleet.ts';
import { passTime } from './fleet-clock.ts';

describeOnRedis('slots of the fleet', (server) => {
  const gateway = (id: string, slots = 2) => new Gateway(server().redis, id, slots);

  test('are given in order, kept by every heartbeat, and what is over stands by', async () => {
    const [a, b, c] = [gateway('a'), gateway('b'), gateway('c')];
    expect([await a.slot(), await b.slot(), await c.slot()]).toEqual(['slot-1', 'slot-2', undefined]);
    expect(slotsOf(await c.beat())).toEqual({ a: 'slot-1', b: 'slot-2', c: undefined });
    expect([await c.slot(), await b.slot(), await a.slot()]).toEqual([undefined, 'slot-2', 'slot-1']);
  });

  test('go to one member each when fifty ask at once', async () => {
    const clients = Array.from({ length: 5 }, () => createRedis(server().url));
    const fleet = Array.from({ length: 50 }, (_, i) => new Gateway(clients[i % 5]!, `m${i}`, 7));
    for (const _ of [1, 2]) await Promise.all(fleet.map((member) => member.beat()));
    const slots = slotsOf(await fleet[0]!.beat());
    const given = Object.values(slots).filter((slot) => slot !== undefined);
    expect(given.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `slot-${n}`));
    expect(Object.keys(slots)).toHaveLength(50);
    await Promise.all(fleet.map((member) => member.beat()));
    expect(slotsOf(await fleet[0]!.beat())).toEqual(slots);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('of one that left go to a standby, which finds them before free ones', async () => {
    const [a, b] = [gateway('a', 3), gateway('b', 3)];
    await a.beat();
    await b.beat();
    await a.leave();
    const { waitingSlots, members } = await b.beat();
    expect(members.map(({ id }) => id)).toEqual(['b']);
    expect(waitingSlots).toEqual([{ name: 'slot-1', graceLeftMs: expect.any(Number), kind: 'left' }]);
    expect(waitingSlots[0]!.graceLeftMs).toBeGreaterThan(GRACE_MS - TIMEOUT_MS);
    expect(await gateway('successor', 3).slot()).toBe('slot-1');
    expect((await b.beat()).waitingSlots).toEqual([]);
  });

  test('of one that left wait as long as the grace, then they are free', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    await a.leave();
    await passTime(server().redis, GRACE_MS - 10_000);
    const [waiting] = (await b.beat()).waitingSlots;
    expect(await b.slot()).toBe('slot-1');
    expect(waiting).toBeUndefined();
    await b.leave();
    const c = gateway('c', 0);
    expect((await c.beat()).waitingSlots.map(({ name }) => name)).toEqual(['slot-1']);
    await passTime(server().redis, GRACE_MS + 1);
    expect((await c.beat()).waitingSlots).toEqual([]);
  });

  test('of one that vanished wait from then on, and are taken at once by who stands by', async () => {
    const [a, b, standby] = [gateway('a'), gateway('b'), gateway('standby')];
    await a.beat();
    await passTime(server().redis, TIMEOUT_MS - 5_000);
    await b.beat();
    await standby.beat();
    expect(await standby.slot()).toBeUndefined();
    await passTime(server().redis, 10_000);
    const { members, waitingSlots } = await b.beat();
    expect(members.map(({ id }) => id)).toEqual(['b', 'standby']);
    expect(waitingSlots.map(({ name }) => name)).toEqual(['slot-1']);
    expect(waitingSlots[0]!.kind).toBe('silent');
    const left = waitingSlots[0]!.graceLeftMs;
    expect(left).toBeLessThanOrEqual(GRACE_MS - 5_000);
    expect(left).toBeGreaterThan(GRACE_MS - TIMEOUT_MS);
    expect(await standby.slot()).toBe('slot-1');
    expect(await a.slot()).toBeUndefined();
  });

  test('are found again by one that was silent, unless somebody took them', async () => {
    const [a, b] = [gateway('a', 3), gateway('b', 3)];
    await a.beat();
    await b.beat();
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    await b.beat();
    await passTime(server().redis, 5_000);
    expect((await b.beat()).waitingSlots).toHaveLength(1);
    expect(await a.slot()).toBe('slot-1');
    // Even after the grace, while the slot is free.
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    await b.beat();
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    await b.beat();
    expect((await b.beat()).waitingSlots).toHaveLength(1);
    const rest = gateway('rest', 0);
    for (let passed = 0; passed < GRACE_MS; passed += TIMEOUT_MS / 2) {
      await passTime(server().redis, TIMEOUT_MS / 2);
      await rest.beat();
      await b.beat();
    }
    expect((await b.beat()).waitingSlots).toEqual([]);
    expect(await a.slot()).toBe('slot-1');
  });

  test('are not given to members that want to leave, which keep what they have', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    a.isDraining = true;
    b.isDraining = true;
    expect([await a.slot(), await b.slot()]).toEqual(['slot-1', undefined]);
  });

  test('that are drained keep their member and get no other', async () => {
    const [a, b, c] = [gateway('a'), gateway('b'), gateway('c')];
    await a.beat();
    await a.store.drain('slot-1', true);
    expect([await a.slot(), await b.slot()]).toEqual(['slot-1', 'slot-2']);
    await a.leave();
    expect(await c.slot()).toBeUndefined();
    expect((await c.beat()).drainedSlots).toEqual(new Set(['slot-1']));
    await c.store.drain('slot-1', false);
    expect(await c.slot()).toBe('slot-1');
  });

  test('beyond a number that shrank are given up by their members only', async () => {
    const fleet = ['a', 'b', 'c'].map((id) => gateway(id, 3));
    for (const member of fleet) await member.beat();
    const [a, b, c] = fleet as [Gateway, Gateway, Gateway];
    a.slots = 2;
    expect(slotsOf(await a.beat())).toEqual({ a: 'slot-1', b: 'slot-2', c: 'slot-3' });
    c.slots = 2;
    expect(slotsOf(await c.beat())).toEqual({ a: 'slot-1', b: 'slot-2', c: undefined });
    await b.leave();
    expect(await c.slot()).toBe('slot-2');
  });

  test('are as before when Redis came back empty, whoever speaks first', async () => {
    const [a, b, standby] = [gateway('a'), gateway('b'), gateway('standby')];
    for (const member of [a, b, standby]) await member.beat();
    await emptyRedis(server().redis);
    expect(await standby.slot()).toBeUndefined();
    expect(await b.slot()).toBe('slot-2');
    expect(await standby.slot()).toBeUndefined();
    expect(slotsOf(await a.beat())).toEqual({ a: 'slot-1', b: 'slot-2', standby: undefined });
  });

  test('that nobody claims after Redis came back empty go to the standby in the end', async () => {
    const [a, standby] = [gateway('a', 1), gateway('standby', 1)];
    await a.beat();
    await standby.beat();
    await emptyRedis(server().redis);
    expect(await standby.slot()).toBeUndefined();
    await passTime(server().redis, TIMEOUT_MS / 2);
    expect(await standby.slot()).toBeUndefined();
    await passTime(server().redis, TIMEOUT_MS / 2 + 1_000);
    expect(await standby.slot()).toBe('slot-1');
  });

  test('stay with their members when Redis was away for all of them', async () => {
    const [a, b, standby] = [gateway('a'), gateway('b'), gateway('standby')];
    for (const member of [a, b, standby]) await member.beat();
    await passTime(server().redis, 10 * GRACE_MS);
    const view = await standby.beat();
    expect(slotsOf(view)).toEqual({ a: 'slot-1', b: 'slot-2', standby: undefined });
    expect(view.waitingSlots).toEqual([]);
    // One that does not come back is gone one timeout after the others were heard.
    expect(await a.slot()).toBe('slot-1');
    await passTime(server().redis, TIMEOUT_MS - 10_000);
    await a.beat();
    await standby.beat();
    await passTime(server().redis, 20_000);
    expect((await a.beat()).waitingSlots.map(({ name }) => name)).toEqual(['slot-2']);
    expect(await standby.slot()).toBe('slot-2');
  });

  test('of a fleet that died as a whole go to the new one at once', async () => {
    for (const id of ['a', 'b']) await gateway(id, 3).beat();
    await passTime(server().redis, 2 * TIMEOUT_MS);
    const [c, d, e] = [gateway('c', 3), gateway('d', 3), gateway('e', 3)];
    expect([await c.slot(), await d.slot(), await e.slot()]).toEqual(['slot-1', 'slot-2', 'slot-3']);
  });

  test('survive a clock that went back, and so does the end of the silent', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    await b.beat();
    const c = gateway('c', 3);
    await c.beat();
    await c.leave();
    await passTime(server().redis, -24 * GRACE_MS);
    const view = await b.beat();
    expect(slotsOf(view)).toEqual({ a: 'slot-1', b: 'slot-2' });
    expect(view.waitingSlots).toEqual([{ name: 'slot-3', graceLeftMs: GRACE_MS, kind: 'left' }]);
    await passTime(server().redis, TIMEOUT_MS - 1_000);
    await b.beat();
    await passTime(server().redis, 5_000);
    const { members, waitingSlots } = await b.beat();
    expect(members.map(({ id }) => id)).toEqual(['b']);
    expect(waitingSlots.map(({ name }) => name)).toEqual(['slot-1', 'slot-3']);
    expect(waitingSlots[1]!.graceLeftMs).toBeLessThan(GRACE_MS);
  });
});
