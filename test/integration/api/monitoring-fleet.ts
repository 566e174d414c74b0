import type { Processlist, ProxySessionState } from '@proxywatch/core/domain/processlist';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { createRedisScanFailures } from '@proxywatch/core/drivers/dispatch/redis-scan-failures';
import { createRedisScanPauses } from '@proxywatch/core/drivers/dispatch/redis-scan-pauses';
import { createRedisScanRequests } from '@proxywatch/core/drivers/dispatch/redis-scan-requests';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisScanReports } from '@proxywatch/core/drivers/scan/redis-scan-reports';
import type { ProxyDriver, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import { monitoringDataRoutes } from '../../../functions/api/monitoring/data/routes.ts';
import type { ApiDeps } from '../../../functions/api/shared/api-deps.ts';
import { startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { TestAnswer } from '../../support/api-harness.ts';

export interface MonitoringFleet {
  readonly db: Dcdb;
  readonly redis: RedisClient;
  readonly deps: Partial<ApiDeps>;
  stop(): Promise<void>;
}

/** A DCDB and a Redis with the proxies p1 to p3 of shop and p4 of reporting, and what the API's monitoring works with. */
export async function startMonitoringFleet(nowMs: () => number): Promise<MonitoringFleet> {
  const [mariadb, server] = await Promise.all([startMariadb(), startRedis()]);
  const db = createDcdb(mariadb.url);
  const redis = createRedis(server.url);
  await migrateDcdb(db);
  await registerProxies(
    db,
    ['p1', 'p2', 'p3', 'p4'].map((id) => proxyNamed(id, id === 'p4' ? 'reporting' : 'shop')),
  );
  const deps: Partial<ApiDeps> = {
    db,
    redis,
    nowMs,
    pauses: createRedisScanPauses(redis),
    scanFailures: createRedisScanFailures(redis),
    scanReports: createRedisScanReports(redis),
    scanRequests: createRedisScanRequests(redis),
    fleet: createRedisFleetObserver(redis),
    membership: createRedisMembershipStore(redis),
  };
  return {
    db,
    redis,
    deps,
    async stop() {
      await Promise.all([db.destroy(), redis.close()]);
      await Promise.all([mariadb.stop(), server.stop()]);
    },
  };
}

function proxyNamed(id: string, namespace: string): RegisteredProxy {
  const admin = { adminHost: '127.0.0.1', adminPort: 16_032, adminTls: false };
  return { id, kind: 'proxysql', namespace, ...admin, statsCredentialRef: 'stats' };
}

/** A kind of proxy of which only the processlist can be read. */
export function driverWith(fetchProcesslist: (signal?: AbortSignal) => Promise<Processlist>): ProxyDriver {
  const session = { fetchProcesslist, close: async () => undefined } as unknown as ProxySession;
  return { kind: 'proxysql', connect: async () => session };
}

export function sessionOf(sessionId: string, of: Partial<ProxySessionState> = {}): ProxySessionState {
  const names = { user: 'app', schema: 'shop', clientAddress: '10.0.0.1', hostgroup: '10' };
  return { sessionId, ...names, command: 'Sleep', timeMs: 10, isStatementCut: false, ...of };
}

/** Throws unless the answer is one that its route tells of. */
export function checkDocumented(method: string, target: string, { status, body }: TestAnswer): void {
  if (status >= 400) return;
  const path = target.replace(/\?.*$/, '');
  const found = monitoringDataRoutes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const spec = found?.answers[status];
  if (spec === undefined) throw new Error(`${method} ${path} answers ${status}, which it does not tell of`);
  spec.schema?.parse(body);
}
