import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createFileCredentials } from '@proxywatch/core/drivers/credentials/file-credentials';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { parseGatewayConfig } from '../../functions/gateway/config.ts';
import { type Gateway, startGateway } from '../../functions/gateway/gateway.ts';
import { parseExposition, type Sample } from '../unit/functions/gateway/exposition/strict-parser.ts';
import { until } from './until.ts';

export interface ProxyAddress extends Pick<RegisteredProxy, 'id'> {
  readonly port: number;
  /** @default proxysql */
  readonly kind?: string;
  /** `stats` or `secret`, whose password is `hunter2`; any other is missing. @default stats */
  readonly credentialRef?: string;
}

export interface RunningGateway extends Gateway {
  readonly url: string;
  /** The samples of a scrape; throws on any flaw in the exposition. */
  scrape(path?: string, headers?: Readonly<Record<string, string>>): Promise<readonly Sample[]>;
  /** What a worker tells of itself. */
  describe(proxyId: string): Promise<Readonly<Record<string, unknown>>>;
  /** Everything that was logged. */
  readonly logged: readonly string[];
}

const CREDENTIALS = { stats: { user: 'stats', password: 'stats' }, secret: { user: 'stats', password: 'hunter2' } };

/** A gateway in this process, with its files in a temporary folder that goes with it. */
export async function startTestGateway(
  redisUrl: string,
  proxies: readonly ProxyAddress[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-'));
  const proxiesFile = join(dir, 'proxies.json');
  const credentialsFile = join(dir, 'credentials.json');
  const entries = proxies.map(({ id, port, kind = 'proxysql', credentialRef = 'stats' }) => ({
    id,
    kind,
    namespace: 'test',
    adminHost: '127.0.0.1',
    adminPort: port,
    statsCredentialRef: credentialRef,
  }));
  writeFileSync(proxiesFile, JSON.stringify(entries));
  writeFileSync(credentialsFile, JSON.stringify(CREDENTIALS));
  const config = parseGatewayConfig({
    GATEWAY_PORT: '0',
    REDIS_URL: redisUrl,
    PROXIES_FILE: proxiesFile,
    PROXY_CREDENTIALS_FILE: credentialsFile,
    COLLECT_SHARE_MS: '0',
    REGISTRY_POLL_MS: '100',
    ...env,
  });
  const logged: string[] = [];
  const redis = createRedis(redisUrl);
  const historyRedis = createRedis(redisUrl, { commandTimeoutMs: 10_000 });
  const proxysql = createProxysqlDriver();
  const gateway = await startGateway(config, {
    registry: createFileRegistry(proxiesFile),
    credentials: createFileCredentials({ path: credentialsFile }),
    membership: createRedisMembershipStore(redis),
    leases: createRedisLeaseStore(redis),
    store: createRedisHistoryStore(historyRedis),
    drivers: new Map([[proxysql.kind, proxysql]]),
    log: createJsonLog((line) => logged.push(line)),
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  const ownsAll = async () => {
    const { workers } = (await (await fetch(`${url}/debug/workers`)).json()) as { workers: readonly unknown[] };
    return workers.length === proxies.length;
  };
  await until('the gateway has its proxies', ownsAll);
  return {
    port: gateway.port,
    url,
    logged,
    async scrape(path = '/metrics', headers = {}) {
      const response = await fetch(`${url}${path}`, { headers });
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      return parseExposition(await response.text(), 'text').samples;
    },
    async describe(proxyId) {
      const { workers } = (await (await fetch(`${url}/debug/workers`)).json()) as { workers: { proxy: string }[] };
      return { ...workers.find(({ proxy }) => proxy === proxyId) };
    },
    async stop() {
      await gateway.stop();
      await Promise.all([redis.close(), historyRedis.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The value of the one series with these labels among others; undefined when there is none. */
export function numberOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${found.length} series ${name} ${JSON.stringify(labels)}`);
  return found[0] && Number(found[0].value);
}
