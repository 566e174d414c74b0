import { expect, jest, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { DamagedRecord } from '@proxywatch/core/drivers/membership/fleet-records';
import {
  createRedisMembershipStore,
  FLEET_KEYS,
  MAX_MEMBERS,
} from '@proxywatch/core/drivers/membership/redis-membership-store';
import { describeOnRedis, emptyRedis, failureOf } from '../../support/redis-servers.ts';
import { Gateway, optionsFor, slotsOf, TIMEOUT_MS } from './fleet.ts';
import { fieldsOf, passTime } from './fleet-clock.ts';

describeOnRedis('the view of the fleet', (server) => {
  const gateway = (id: string, slots = 2) => new Gateway(server().redis, id, slots);

  test('has every member as it told of itself', async () => {
    const [a, b] = [gateway('a'), gateway('b', 1)];
    a.holds = { 'shop-1': 812, 'straße:ü': 3 };
    b.isDraining = true;
    await a.beat();
    expect(await b.beat()).toEqual({
      members: [
        {
          id: 'a',
          slot: 'slot-1',
          advertise: 'a.example:9464',
          heartbeatAgeMs: expect.any(Number),
          isScraped: true,
          isDraining: false,
          holds: { 'shop-1': 812, 'straße:ü': 3 },
        },
        {
          id: 'b',
          slot: undefined,
          advertise: 'b.example:9464',
          heartbeatAgeMs: 0,
          isScraped: true,
          isDraining: true,
          holds: {},
        },
      ],
      waitingSlots: [],
      assignment: new Map(),
      assignmentVersion: 0,
      pins: new Map(),
      drainedSlots: new Set(),
      isPlanner: false,
    });
  });

  test("goes by Redis' clock alone", async () => {
    const now = async () => Number(((await server().redis.call('TIME', [])) as string[])[0]);
    const before = await now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
    await gateway('a').beat();
    const { members } = await gateway('b').beat();
    clock.mockRestore();
    expect(members[0]!.heartbeatAgeMs).toBeLessThan(TIMEOUT_MS);
    const [[, record]] = (await fieldsOf(server().redis, FLEET_KEYS.members)) as [[string, string]];
    const heardAt = Number(record.split(' ')[0]) / 1_000;
    expect(heardAt).toBeGreaterThanOrEqual(before);
    expect(heardAt).toBeLessThan((await now()) + 1);
    await passTime(server().redis, 1_234);
    const aged = (await gateway('b').beat()).members.find(({ id }) => id === 'a');
    expect(aged!.heartbeatAgeMs).toBeGreaterThanOrEqual(1_234);
  });

  test('has pins and drained slots until they are taken back', async () => {
    const a = gateway('a');
    await a.store.pin('shop-1', 'slot-2');
    await a.store.pin('shop-2', 'slot-1');
    await a.store.pin('shop-1', 'slot-1');
    await a.store.drain('slot-2', true);
    const { pins, drainedSlots } = await a.beat();
    expect(Object.fromEntries(pins)).toEqual({ 'shop-1': 'slot-1', 'shop-2': 'slot-1' });
    expect([...drainedSlots]).toEqual(['slot-2']);
    await a.store.pin('shop-1', undefined);
    await a.store.drain('slot-2', false);
    const after = await a.beat();
    expect([...after.pins.keys()]).toEqual(['shop-2']);
    expect(after.drainedSlots.size).toBe(0);
  });

  test('leaves damaged records out, names them once and removes them', async () => {
    const { redis } = server();
    const damaged: DamagedRecord[] = [];
    const store = createRedisMembershipStore(redis, { onDamaged: (record) => damaged.push(record) });
    const a = gateway('a', 3);
    await gateway('b', 3).beat();
    await gateway('c', 3).beat();
    const now = String((await fieldsOf(redis, FLEET_KEYS.members))[0]![1]).split(' ')[0];
    const damage = ['', 'x', '12', '-5 {}', `${'9'.repeat(30)} {}`, `${now} {"advertise":`, `${now} {"advertise":1}`];
    for (const [i, record] of damage.entries()) await redis.call('HSET', [FLEET_KEYS.members, `damaged-${i}`, record]);
    await redis.call('HSET', [FLEET_KEYS.members, 'b', 'unreadable']);
    const held = `held ${now} c`;
    const slots = {
      'slot-4': '',
      'slot-5': 'held',
      'slot-6': `stolen ${now} c`,
      'slot-7': `left ${now} `,
      'slot-01': held,
    };
    await redis.call('HSET', [FLEET_KEYS.slots, ...Object.entries(slots).flat()]);
    await redis.call('HSET', [FLEET_KEYS.fleet, 'beatMs', 'x', 'doubtMs', '', 'planner', 'nobody', 'version', '1e3']);

    const view = await store.heartbeat(a.heartbeat, optionsFor(3));
    expect(view.members.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(view.assignmentVersion).toBe(0);
    expect(view.isPlanner).toBe(true);
    expect(slotsOf(view)).toEqual({ a: 'slot-1', c: 'slot-2' });
    expect((await fieldsOf(redis, FLEET_KEYS.slots)).map(([name]) => name).toSorted()).toEqual(['slot-1', 'slot-2']);
    expect(damaged.map(({ field }) => field).toSorted()).toEqual(['damaged-5', 'damaged-6']);
    expect(damaged.map(({ problem }) => problem).join()).toContain('/advertise: expected string, got number');
    expect((await fieldsOf(redis, FLEET_KEYS.members)).map(([id]) => id).toSorted()).toEqual(['a', 'c']);
    await store.heartbeat(a.heartbeat, optionsFor(3));
    expect(damaged).toHaveLength(2);
  });

  test('heals a damaged record of the member itself', async () => {
    const [a, b] = [gateway('a'), gateway('b')];
    await a.beat();
    await server().redis.call('HSET', [FLEET_KEYS.members, 'a', 'unreadable']);
    expect(await a.slot()).toBe('slot-1');
    await server().redis.call('HSET', [FLEET_KEYS.members, 'a', 'unreadable']);
    expect((await b.beat()).waitingSlots).toHaveLength(0);
    expect(await b.slot()).toBe('slot-1');
    expect(await a.slot()).toBe('slot-2');
  });

  test('refuses more members, proxies, pins or drains than a fleet may have', async () => {
    const { redis } = server();
    const now = await redis.call('TIME', []).then((time) => Number((time as string[])[0]) * 1_000);
    const record = `${now} {"advertise":"x:1","isScraped":false,"isDraining":false,"holds":{}}`;
    const others = Array.from({ length: MAX_MEMBERS - 1 }, (_, i) => [`m${i}`, record]).flat();
    await redis.call('HSET', [FLEET_KEYS.members, ...others]);
    const [a, b] = [gateway('a'), gateway('b')];
    expect((await a.beat()).members).toHaveLength(MAX_MEMBERS);
    expect(errorCodeOf(await failureOf(b.beat()))).toBe('FLEET_TOO_LARGE');
    expect((await a.beat()).members).toHaveLength(MAX_MEMBERS);

    const proxies = Array.from({ length: 10_001 }, (_, i) => `p${i}`);
    a.holds = Object.fromEntries(proxies.map((id) => [id, 1]));
    expect(errorCodeOf(await failureOf(a.beat()))).toBe('FLEET_TOO_LARGE');
    const assignment = new Map(proxies.map((id) => [id, 'slot-1']));
    expect(errorCodeOf(await failureOf(a.store.publish('a', assignment, 0)))).toBe('FLEET_TOO_LARGE');
    for (let at = 1; at < proxies.length; at += 1_000) {
      const pins = proxies.slice(at, at + 1_000).flatMap((id) => [id, 'slot-1']);
      await redis.call('HSET', [FLEET_KEYS.pins, ...pins]);
    }
    expect(errorCodeOf(await failureOf(a.store.pin('one-more', 'slot-1')))).toBe('FLEET_TOO_LARGE');
    await a.store.pin('p1', 'slot-2');
    await redis.call('SADD', [FLEET_KEYS.drains, ...proxies.slice(0, 1_000)]);
    expect(errorCodeOf(await failureOf(a.store.drain('one-more', true)))).toBe('FLEET_TOO_LARGE');
    await a.store.drain('p1', true);
  });

  test('starts anew when Redis came back empty', async () => {
    const a = gateway('a');
    await a.beat();
    await a.store.publish('a', new Map([['shop-1', 'slot-1']]), 0);
    expect((await a.beat()).assignment.size).toBe(1);
    await emptyRedis(server().redis);
    const { assignment, assignmentVersion, members } = await a.beat();
    expect([assignment.size, assignmentVersion, members.length]).toEqual([0, 0, 1]);
  });
});
