import { expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchInstancesOf } from '@proxywatch/core/drivers/dbconfig/fetch-instances';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import { failureOf } from '../../../../../support/redis-servers.ts';

function service(fetchInstances: DatabaseConfig['fetchInstances']): DatabaseConfig {
  const unasked = () => Promise.reject(new Error('nobody asks for this'));
  return { fetchClusters: unasked, fetchCluster: unasked, fetchChanges: unasked, fetchInstances };
}
const sliceOf = (cluster: string, i: number) => ({ name: `s-${i}`, writerHostgroup: 1, readerHostgroup: 2, cluster });

test('every cluster is asked for once, and only some at a time', async () => {
  const asked: string[] = [];
  let [now, most] = [0, 0];
  const databases = service(async (cluster) => {
    asked.push(cluster);
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
    return { value: [], staleSeconds: asked.length };
  });
  const names = Array.from({ length: 30 }, (_, i) => `c-${i % 20}`);
  const found = await fetchInstancesOf(databases, names.map(sliceOf));
  expect([...found.keys()].toSorted()).toEqual([...new Set(names)].toSorted());
  expect(asked).toHaveLength(20);
  expect(most).toBeLessThanOrEqual(8);
  expect(await fetchInstancesOf(databases, [])).toEqual(new Map());
});

test('when one cannot be told, no more are asked for', async () => {
  const asked: string[] = [];
  const away = new ProxywatchError('SERVICE_UNREACHABLE', 'away', { service: 'dbconfig' });
  const databases = service(async (cluster) => {
    asked.push(cluster);
    await new Promise(setImmediate);
    throw away;
  });
  const slices = Array.from({ length: 100 }, (_, i) => sliceOf(`c-${i}`, i));
  expect(await failureOf(fetchInstancesOf(databases, slices))).toBe(away);
  await new Promise(setImmediate);
  expect(asked.length).toBeLessThanOrEqual(8);
});
