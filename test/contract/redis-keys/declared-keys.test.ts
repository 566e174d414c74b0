import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { Redis } from 'ioredis';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { until } from '../../support/until.ts';
import { tokenOf, writeWith } from '../lease-store/lease-clock.ts';

const OWNER = { memberId: 'a', advertise: 'a:9464' };
const MEMBERSHIP = { timeoutMs: 60_000, slotGraceMs: 60_000, slots: 2 };
/** Commands of which each argument is a key; all others that scripts use have one, or none. */
const KEYS_ONLY = new Set(['UNLINK', 'DEL', 'EXISTS']);

let server: Service;
let redis: RedisClient;
let monitor: Redis;
/** What Redis carried out, in order; commands of scripts follow their script. */
const carriedOut: { readonly args: readonly string[]; readonly isOfScript: boolean }[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.url);
  // Its connection for monitoring is another one.
  const client = new Redis(server.url);
  monitor = await client.monitor();
  client.disconnect();
  monitor.on('monitor', (_time: string, args: string[], source: string) =>
    carriedOut.push({ args, isOfScript: source === 'lua' }),
  );
});
afterAll(async () => {
  monitor?.disconnect();
  await redis?.close();
  await server?.stop();
});

test('every script touches only keys that it declares, and declares keys of one hash tag', async () => {
  await useFleet();
  for (const scope of ['gateway', 'scan'] as const) await useHistory(scope);
  await redis.call('ECHO', ['over']);
  await until('all was heard', () => carriedOut.at(-1)?.args[0] === 'ECHO');

  let declared: readonly string[] = [];
  const scripts = new Set<string>();
  const touched = new Set<string>();
  for (const { args, isOfScript } of carriedOut) {
    const [command = '', ...rest] = args;
    if (/^EVAL(SHA)?$/i.test(command)) {
      declared = rest.slice(2, 2 + Number(rest[1]));
      scripts.add(rest[0] ?? '');
      expect(new Set(declared.map((key) => /^\{[^}]+\}/.exec(key)?.[0]))).toHaveProperty('size', 1);
    } else if (isOfScript && command !== 'TIME') {
      const keys = KEYS_ONLY.has(command) ? rest : rest.slice(0, 1);
      expect(declared).toEqual(expect.arrayContaining(keys));
      for (const key of keys) touched.add(key);
    }
  }
  // The proof is one only if scripts ran and touched what there is.
  expect(scripts.size).toBeGreaterThan(12);
  expect([...touched]).toEqual(
    expect.arrayContaining(['{proxywatch}:members', '{pw:shop-1}:rows', '{pw:shop-1}:quarantine', '{pw:shop-1}:lease']),
  );
});

async function useFleet(): Promise<void> {
  await createRedisRegistry(redis).publish({ proxies: [], source: 's', revision: 1 });
  const fleet = createRedisMembershipStore(redis);
  const member = { id: 'a', advertise: 'a:1', isScraped: true, isDraining: false, holds: {} };
  const { assignmentVersion } = await fleet.heartbeat(member, MEMBERSHIP);
  await fleet.publish('a', new Map([['shop-1', 'slot-1']]), assignmentVersion);
  await fleet.pin('shop-1', 'slot-1');
  await fleet.drain('slot-1', true);
  await redis.call('HSET', ['{proxywatch}:members', 'broken', `${Date.now()} {`]);
  await fleet.heartbeat(member, MEMBERSHIP);
  await createRedisFleetObserver(redis).fetchRecords();
  await fleet.leave('a', MEMBERSHIP);
}

async function useHistory(scope: 'gateway' | 'scan'): Promise<void> {
  const leases = createRedisLeaseStore(redis, { scope });
  const store = createRedisHistoryStore(redis, scope);
  const token = tokenOf(await leases.acquire('shop-1', OWNER, 60_000));
  await leases.renew('shop-1', token, 60_000);
  const write = writeWith(token);
  const records = new Map([
    ['old', '2;1,1,1,1,1;x'],
    ['broken', 'x'],
  ]);
  const batch = { ...write.batch, rows: records, series: records, errors: records };
  const saved = await store.save('shop-1', { ...write, batch });
  const revision = saved.kind === 'saved' ? saved.revision : '';
  const next = { ...batch, replaces: 'nothing', deletedRows: ['gone'] } as const;
  await store.save('shop-1', { ...write, revision, batch: next });
  await store.load('shop-1');
  await store.fetchRows('shop-1', { token, revision }, ['old']);
  await store.setAside('shop-1', token, new Map([['row:x', 'x']]));
  await store.sweepRows('shop-1', token, { cursor: '0', touchedBeforeS: 10 });
  await store.forget('shop-1', token);
  await leases.release('shop-1', token);
}
