import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_FLAGS } from '../../../functions/gateway/node-flags.ts';
import { startChild } from '../../../infra/local/services/child.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { until } from '../../support/until.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 20_000;
const COLLECT_TIMEOUT_MS = 120_000;

/** A gateway as it runs in production: functions/gateway/main.ts in a process of its own. */
export interface GatewayProcess {
  readonly pid: number;
  readonly url: string;
  /** Has the gateway watch proxies at these admin ports, named `proxy-0` and so on, and waits until all were collected from. */
  watch(ports: readonly number[]): Promise<void>;
  /** Digest rows of all proxies, those that only Redis holds included. */
  knownRows(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts a gateway that watches nothing yet, and collects only when it is scraped. With the variable BENCH_CPU_PROFILES set
 * to a folder, it leaves its CPU profile there.
 */
export async function startGatewayProcess(
  redisUrl: string,
  topN: number,
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'proxywatch-bench-gateway-'));
  const proxiesFile = join(dir, 'proxies.json');
  const credentialsFile = join(dir, 'credentials.json');
  const log = join(dir, 'log');
  writeFileSync(proxiesFile, '[]');
  writeFileSync(credentialsFile, JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
  const port = await pickFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: process.execPath,
    args: [...profiling(), ...GATEWAY_NODE_FLAGS, '--disable-warning=ExperimentalWarning', 'functions/gateway/main.ts'],
    cwd: ROOT,
    log,
    env: {
      PATH: process.env.PATH ?? '',
      ...GATEWAY_ENVIRONMENT,
      GATEWAY_PORT: String(port),
      REDIS_URL: redisUrl,
      PROXIES_FILE: proxiesFile,
      PROXY_CREDENTIALS_FILE: credentialsFile,
      DIGEST_TOP_N: String(topN),
      COLLECT_SHARE_MS: '0',
      COLLECT_IDLE_MS: '600000',
      REGISTRY_POLL_MS: '500',
      ...env,
    },
  });

  async function untilReady(what: string, proxies: number, timeoutMs: number): Promise<void> {
    try {
      await until(
        what,
        async () => (await workersOf(url)).length === proxies && (await fetch(`${url}/readyz`)).ok,
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${what}: the gateway's log ends with:\n${readFileSync(log, 'utf8').slice(-2_000)}`, {
        cause: error,
      });
    }
  }

  async function stop(): Promise<void> {
    await child.stop();
    rmSync(dir, { recursive: true, force: true });
  }

  try {
    await until(
      'the gateway answers',
      () =>
        fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      START_TIMEOUT_MS,
    );
    await untilReady('the gateway has read its registry', 0, START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid,
    url,
    async watch(ports) {
      const proxies = ports.map((adminPort, index) => ({
        id: `proxy-${index}`,
        kind: 'proxysql',
        namespace: 'bench',
        adminHost: '127.0.0.1',
        adminPort,
        statsCredentialRef: 'stats',
      }));
      writeFileSync(`${proxiesFile}.new`, JSON.stringify(proxies));
      renameSync(`${proxiesFile}.new`, proxiesFile);
      await untilReady('all proxies were collected from', ports.length, COLLECT_TIMEOUT_MS);
    },
    async knownRows() {
      const workers = await workersOf(url);
      return workers.reduce((sum, { rows = 0, evictedRows = 0 }) => sum + rows + evictedRows, 0);
    },
    stop,
  };
}

function profiling(): string[] {
  const folder = process.env.BENCH_CPU_PROFILES;
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

interface Worker {
  readonly rows?: number;
  readonly evictedRows?: number;
}

/** Of each proxy that the gateway holds. */
async function workersOf(url: string): Promise<readonly Worker[]> {
  const { workers } = (await (await fetch(`${url}/debug/workers`)).json()) as { readonly workers: readonly Worker[] };
  return workers;
}
