import { expect, test } from '@jest/globals';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { FLEET_KEYS } from '@proxywatch/core/drivers/membership/redis-membership-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { Gateway, TIMEOUT_MS } from '../membership-store/fleet.ts';
import { fieldsOf, passTime } from '../membership-store/fleet-clock.ts';

async function everything(redis: RedisClient): Promise<unknown> {
  const hashes = [FLEET_KEYS.members, FLEET_KEYS.slots, FLEET_KEYS.fleet, FLEET_KEYS.pins];
  return Promise.all(hashes.map((key) => fieldsOf(redis, key)));
}

describeOnRedis('an observer of the fleet', (server) => {
  const gateway = (id: string, slots = 2) => new Gateway(server().redis, id, slots);
  const observer = () => createRedisFleetObserver(server().redis);

  test('sees what members see, and who plans', async () => {
    const [a, b] = [gateway('a'), gateway('b', 1)];
    a.holds = { 'shop-1': 812 };
    await a.beat();
    const view = await b.beat();
    await a.store.publish('a', new Map([['shop-1', 'slot-1']]), view.assignmentVersion);
    await a.store.pin('shop-1', 'slot-1');
    await a.store.drain('slot-2', true);
    const records = await observer().fetchRecords();
    const { members } = await b.beat();
    expect(records).toEqual({
      members: members.map((member) => ({ ...member, heartbeatAgeMs: expect.any(Number) })),
      waitingSlots: [],
      plannerId: 'a',
      assignment: new Map([['shop-1', 'slot-1']]),
      assignmentAgeMs: expect.any(Number),
      pins: new Map([['shop-1', 'slot-1']]),
      drainedSlots: new Set(['slot-2']),
    });
    expect(records.assignmentAgeMs).toBeLessThan(TIMEOUT_MS);
  });

  test('sees slots that wait, and since when', async () => {
    const a = gateway('a');
    await a.beat();
    await a.leave();
    await passTime(server().redis, 5_000);
    const [slot] = (await observer().fetchRecords()).waitingSlots;
    expect(slot).toMatchObject({ name: 'slot-1', kind: 'left', lastMemberId: 'a' });
    expect(slot!.waitedMs).toBeGreaterThanOrEqual(5_000);
  });

  test('changes nothing, even where a heartbeat would', async () => {
    await gateway('a').beat();
    await gateway('b').leave();
    await passTime(server().redis, 3 * TIMEOUT_MS);
    const before = await everything(server().redis);
    const { members } = await observer().fetchRecords();
    expect(members[0]!.heartbeatAgeMs).toBeGreaterThan(TIMEOUT_MS);
    expect(await everything(server().redis)).toEqual(before);
  });

  test('finds nothing in an empty Redis, and leaves damage to others', async () => {
    const nothing = await observer().fetchRecords();
    expect(nothing).toMatchObject({ members: [], plannerId: undefined, assignmentAgeMs: undefined });
    await server().redis.call('HSET', [FLEET_KEYS.members, 'x', 'damage']);
    await server().redis.call('HSET', [FLEET_KEYS.slots, 'slot-1', 'damage']);
    await server().redis.call('HSET', [FLEET_KEYS.fleet, 'assignment', '{', 'version', '?']);
    expect(await observer().fetchRecords()).toEqual(nothing);
  });

  test('knows who holds a lease, as long as it stands', async () => {
    const leases = createRedisLeaseStore(server().redis);
    const owner = { memberId: 'a', advertise: 'a.example:9464' };
    await leases.acquire('shop-1', owner, 60_000);
    await leases.acquire('shop-2', owner, 0);
    await server().redis.call('SET', ['{pw:shop-3}:lease', 'damage']);
    const owners = await observer().fetchOwners(['shop-1', 'shop-2', 'shop-3', 'shop-4']);
    expect([...owners]).toEqual([['shop-1', { ...owner, remainingMs: expect.any(Number) }]]);
  });
});
