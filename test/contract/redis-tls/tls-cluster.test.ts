import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { failureOf } from '../../support/redis-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/tls-fixture.ts';
import { tokenOf, writeWith } from '../lease-store/lease-clock.ts';

const OWNER = { memberId: 'a', advertise: 'a:9464' };
const trusted = getCACertificates('default');

let server: Service;
let url: string;
let redis: RedisClient;

/** A cluster whose nodes are reached by TLS alone, under the name that their certificate has. */
beforeAll(async () => {
  const folder = temporaryFolder('file');
  for (const [name, text] of Object.entries({ key: TEST_KEY, certificate: TEST_CERTIFICATE })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o644);
  }
  const port = await pickFreePort();
  server = await startRedisCluster([
    ...['--tls-port', `${port}`, '--tls-cluster', 'yes', '--tls-auth-clients', 'no'],
    ...['--tls-key-file', join(folder, 'key'), '--tls-cert-file', join(folder, 'certificate')],
    ...['--tls-ca-cert-file', join(folder, 'certificate')],
    ...['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'],
  ]);
  url = `rediss://localhost:${port}`;
  setDefaultCACertificates([...trusted, TEST_CERTIFICATE]);
  redis = createRedis(url);
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await redis?.close();
  await server?.stop();
});

describe('a cluster of Redis behind TLS', () => {
  test('carries the registry and the fleet', async () => {
    const registry = createRedisRegistry(redis);
    await registry.publish({ proxies: [], source: 's', revision: 1 });
    expect((await registry.fetchProxies()).proxies).toEqual([]);
    const fleet = createRedisMembershipStore(redis);
    const member = { id: 'a', advertise: 'a:9464', isScraped: true, isDraining: false, holds: {} };
    const options = { timeoutMs: 60_000, slotGraceMs: 60_000, slots: 1 };
    const { isPlanner, assignmentVersion } = await fleet.heartbeat(member, options);
    expect(isPlanner).toBe(true);
    expect(await fleet.publish('a', new Map([['shop-1', 'slot-1']]), assignmentVersion)).toBe(true);
    await fleet.pin('shop-1', 'slot-1');
    await fleet.drain('slot-1', true);
    const { members, assignment, pins, drainedSlots } = await fleet.heartbeat(member, options);
    expect([members.length, [...assignment], [...pins], [...drainedSlots]]).toEqual([
      1,
      [['shop-1', 'slot-1']],
      [['shop-1', 'slot-1']],
      ['slot-1'],
    ]);
    await fleet.leave('a', options);
  });

  // Ids of which each has another place in a cluster, and some that look like hash tags.
  test.each(['shop-1', 'shop-2', '{pw:x}:y', 'ä b%{'])('carries leases and histories of %j', async (id) => {
    const leases = createRedisLeaseStore(redis);
    const store = createRedisHistoryStore(redis);
    const token = tokenOf(await leases.acquire(id, OWNER, 60_000));
    expect(await leases.renew(id, token, 60_000)).toBe(true);
    const write = writeWith(token);
    const records = new Map([['k', '2;1,1,1,1,1;x']]);
    const saved = await store.save(id, { ...write, batch: { ...write.batch, rows: records, series: records } });
    const { revision } = saved.kind === 'saved' ? saved : { revision: 'none' };
    expect(await store.load(id)).toMatchObject({ meta: 'm', revision, storedRows: 1, series: records });
    expect(await store.fetchRows(id, { token, revision }, ['k'])).toEqual({
      kind: 'fetched',
      records: ['2;1,1,1,1,1;x'],
    });
    await store.setAside(id, token, new Map([['row:k', 'damaged']]));
    expect((await store.sweepRows(id, token, { cursor: '0', touchedBeforeS: 10 })).dropped).toEqual(['k']);
    await store.forget(id, token);
    expect(await store.load(id)).toBeUndefined();
    expect(await leases.release(id, token)).toBe(true);
  });

  test('whose certificate nobody vouches for is refused', async () => {
    setDefaultCACertificates(trusted);
    const distrustful = createRedis(url);
    expect(messageOf(await failureOf(distrustful.call('PING', [])))).toContain('self-signed certificate');
    await distrustful.close();
    setDefaultCACertificates([...trusted, TEST_CERTIFICATE]);
  });
});
