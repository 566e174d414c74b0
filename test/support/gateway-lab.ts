import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createFileCredentials } from '@proxywatch/core/drivers/credentials/file-credentials';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import { createProxysqlDriver } from '@proxywatch/core/drivers/proxysql/driver';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { parseGatewayConfig } from '../../functions/gateway/config.ts';
import { type Gateway, startGateway } from '../../functions/gateway/gateway.ts';
import { parseExposition, type Sample } from '../unit/functions/gateway/exposition/strict-parser.ts';
import { until } from './until.ts';

export type ProxyAddress = Pick<RegisteredProxy, 'id'> & { readonly port: number; readonly kind?: string };

export interface RunningGateway extends Gateway {
  readonly url: string;
  /** The samples of a scrape; throws on any flaw in the exposition. */
  scrape(path?: string): Promise<readonly Sample[]>;
}

/** A gateway in this process, with its files in a temporary folder that goes with it. */
export async function startTestGateway(
  redisUrl: string,
  proxies: readonly ProxyAddress[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-'));
  const proxiesFile = join(dir, 'proxies.json');
  const credentialsFile = join(dir, 'credentials.json');
  const entries = proxies.map(({ id, port, kind = 'proxysql' }) => ({
    id,
    kind,
    namespace: 'test',
    adminHost: '127.0.0.1',
    adminPort: port,
    statsCredentialRef: 'stats',
  }));
  writeFileSync(proxiesFile, JSON.stringify(entries));
  writeFileSync(credentialsFile, JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
  const config = parseGatewayConfig({
    GATEWAY_PORT: '0',
    REDIS_URL: redisUrl,
    PROXIES_FILE: proxiesFile,
    PROXY_CREDENTIALS_FILE: credentialsFile,
    COLLECT_SHARE_MS: '0',
    REGISTRY_POLL_MS: '100',
    ...env,
  });
  const redis = createRedis(redisUrl);
  const proxysql = createProxysqlDriver();
  const gateway = await startGateway(config, {
    registry: createFileRegistry(proxiesFile),
    credentials: createFileCredentials({ path: credentialsFile }),
    store: createRedisHistoryStore(redis),
    drivers: new Map([[proxysql.kind, proxysql]]),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  await until('the gateway has its proxies', async () => (await fetch(`${url}/sd`)).ok);
  return {
    port: gateway.port,
    url,
    async scrape(path = '/metrics') {
      const response = await fetch(`${url}${path}`);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      return parseExposition(await response.text(), 'text').samples;
    },
    async stop() {
      await gateway.stop();
      await redis.close();
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
