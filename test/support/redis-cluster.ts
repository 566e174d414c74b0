import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { pickFreePort } from '../../infra/local/services/ports.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import type { Service } from '../../infra/local/services/service.ts';
import { until } from './until.ts';

/** A cluster of one node that owns all slots, as ElastiCache Serverless shows itself; `args` are more of the server's. */
export async function startRedisCluster(args: readonly string[] = []): Promise<Service> {
  // Redis' own choice is 10,000 above its port: one of those that the kernel hands out.
  const busPort = await pickFreePort();
  const cluster = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', `${busPort}`];
  const server = await startRedis({ args: [...cluster, ...args] });
  const admin = createRedis(`${server.url}?cluster=false`);
  await admin.call('CLUSTER', ['ADDSLOTSRANGE', 0, 16_383]);
  const isOk = async () => String(await admin.call('CLUSTER', ['INFO'])).includes('cluster_state:ok');
  await until('the cluster has all slots', isOk);
  await admin.close();
  return server;
}
