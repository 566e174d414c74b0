import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { tokenOf, writeWith } from '../lease-store/lease-clock.ts';

const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');

describeOnRedis('docs/redis.md', (server) => {
  test('has every key that Proxywatch writes, with its type, and no other; none has a time to live', async () => {
    const { redis } = server();
    await createRedisRegistry(redis).publish({ proxies: [], source: 's', revision: 1 });
    const fleet = createRedisMembershipStore(redis);
    const member = { id: 'a', advertise: 'a:1', isScraped: true, isDraining: false, holds: {} };
    await fleet.heartbeat(member, { timeoutMs: 60_000, slotGraceMs: 60_000, slots: 1 });
    await fleet.publish('a', new Map([['shop-1', 'slot-1']]), 0);
    await fleet.pin('shop-1', 'slot-1');
    await fleet.drain('slot-1', true);
    const owner = { memberId: 'a', advertise: 'a:1' };
    const token = tokenOf(await createRedisLeaseStore(redis).acquire('shop-1', owner, 60_000));
    const write = writeWith(token);
    const records = new Map([['k', '1;1,1,1,1,1;x']]);
    const batch = { ...write.batch, rows: records, series: records, errors: records };
    await createRedisHistoryStore(redis).save('shop-1', { ...write, batch });

    const [, keys] = (await redis.call('SCAN', [0, 'COUNT', 1_000])) as [string, string[]];
    const written: Record<string, unknown> = {};
    for (const key of keys) {
      written[key.replace('{pw:shop-1}', '{pw:<id>}')] = await redis.call('TYPE', [key]);
      expect([key, await redis.call('PTTL', [key])]).toEqual([key, -1]);
    }
    const documented = [...page.matchAll(/^\| `(\{[^`]+)` \| (\w+) \|/gm)].map(([, key, type]) => [key, type]);
    expect(Object.fromEntries(documented)).toEqual(written);

    // Fields with a fixed name; a key's own names are in the first or second column of its table.
    for (const key of ['{proxywatch}:registry', '{proxywatch}:fleet', '{pw:shop-1}:lease', '{pw:shop-1}:meta']) {
      for (const field of (await redis.call('HKEYS', [key])) as string[]) expect(page).toContain(`| \`${field}\` |`);
    }
  });
});
