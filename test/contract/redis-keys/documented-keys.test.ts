import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createAnswerMemory } from '@proxywatch/core/drivers/dbconfig/answer-memory';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { createRedisScanRuns } from '@proxywatch/core/drivers/dispatch/redis-scan-runs';
import { createRedisTickClaims } from '@proxywatch/core/drivers/dispatch/redis-tick-claims';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import { createRedisScanStore } from '@proxywatch/core/drivers/scan/redis-scan-store';
import { createRedisSink } from '@proxywatch/core/drivers/scan/redis-sink';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { scanRunOf, visitOf } from '../../support/scan-requests.ts';
import { tokenOf, writeWith } from '../lease-store/lease-clock.ts';
import { batchOf, pendingOf } from '../scan-store/batches.ts';

const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');

describeOnRedis('docs/redis.md', (server) => {
  test('has every key that Proxywatch writes, with its type, and no other; copies alone have a time to live', async () => {
    const { redis } = server();
    await createRedisRegistry(redis).publish({ proxies: [], source: 's', revision: 1 });
    const fleet = createRedisMembershipStore(redis);
    const member = { id: 'a', advertise: 'a:1', isScraped: true, isDraining: false, holds: {} };
    await fleet.heartbeat(member, { timeoutMs: 60_000, slotGraceMs: 60_000, slots: 1 });
    await fleet.publish('a', new Map([['shop-1', 'slot-1']]), 0);
    await fleet.pin('shop-1', 'slot-1');
    await fleet.drain('slot-1', true);
    for (const scope of ['gateway', 'scan'] as const) {
      const leases = createRedisLeaseStore(redis, { scope });
      const token = tokenOf(await leases.acquire('shop-1', { memberId: 'a', advertise: 'a:1' }, 60_000));
      const write = writeWith(token);
      const records = new Map([['k', '1;1,1,1,1,1;x']]);
      const batch = { ...write.batch, rows: records, series: records, errors: records };
      await createRedisHistoryStore(redis, scope).save('shop-1', { ...write, batch });
      if (scope === 'gateway') continue;
      const commit = { collector: 'keyLogs', state: 's', batches: [pendingOf('b')] } as const;
      await createRedisScanStore(redis).commit('shop-1', token, commit);
    }
    const sink = createRedisSink(redis, { ttlMs: 60_000 });
    for (const collector of ['status', 'keyLogs'] as const) await sink.write(batchOf('b', collector));

    const claims = createRedisTickClaims(redis);
    await claims.claim(0);
    await claims.complete(0);
    await createRedisScanFailures(redis).noteFailure('shop-1', { tickMs: 0, code: 'PROXY_TIMEOUT' });
    await createRedisScanPauses(redis).pause({ kind: 'proxy', name: 'shop-1' }, undefined);
    await createRedisScanRuns(redis).record(scanRunOf(0));
    await createRedisScanRequests(redis).request(['shop-1'], ['status']);
    await createRedisScanReports(redis).note('shop-1', visitOf(0), []);

    const answers = createAnswerMemory(redis, { source: 'http://dbconfig', maxAgeMs: 60_000, timeoutMs: 10_000 });
    for (const name of ['clusters', 'cluster:main', 'instances:main', 'changes']) {
      await answers.remember(name, '{}', '"1"', undefined);
    }

    const [, keys] = (await redis.call('SCAN', [0, 'COUNT', 1_000])) as [string, string[]];
    const written: Record<string, unknown> = {};
    for (const key of keys) {
      const documented = key
        .replace('{pw:shop-1}', '{pw:<id>}')
        .replace(/^(\{pw:dbconfig\}:\w+):main$/, '$1:<cluster>');
      written[documented] = await redis.call('TYPE', [key]);
      const isCopy = /:scan:(status|key-logs)$|^\{pw:dbconfig\}/.test(key);
      expect([key, Number(await redis.call('PTTL', [key])) === -1]).toEqual([key, !isCopy]);
    }
    const documented = [...page.matchAll(/^\| `(\{[^`]+)` \| (\w+) \|/gm)].map(([, key, type]) => [key, type]);
    expect(Object.fromEntries(documented)).toEqual(written);

    // Fields with a fixed name; a key's own names are in the first or second column of its table.
    for (const key of [
      '{proxywatch}:registry',
      '{proxywatch}:fleet',
      '{pw:shop-1}:lease',
      '{pw:shop-1}:meta',
      '{pw:scan}:ticks',
      '{pw:dbconfig}:clusters',
    ]) {
      for (const field of (await redis.call('HKEYS', [key])) as string[]) expect(page).toContain(`| \`${field}\` |`);
    }
  });
});
