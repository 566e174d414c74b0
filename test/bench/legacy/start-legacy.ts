import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { LegacyCosts } from './gateway-process.ts';

const START_TIMEOUT_MS = 20_000;
const SCRAPE_TIMEOUT_MS = 60_000;

/** The original flow as processes: one gateway and one probe, with their nodes in Redis. */
export interface LegacyFlow {
  scrape(concurrency: number): Promise<{ readonly text: string; readonly costs: LegacyCosts }>;
  stop(): Promise<void>;
}

export async function startLegacyFlow(redisUrl: string, adminPorts: readonly number[]): Promise<LegacyFlow> {
  const [probe, gateway] = [startProcess('probe-process.ts'), startProcess('gateway-process.ts', redisUrl)];
  const [probePort, gatewayPort] = await Promise.all([portOf(probe), portOf(gateway)]);
  const redis = new Redis(redisUrl);
  await redis.hset('proxy:nodes', Object.fromEntries(adminPorts.map((port, i) => [`proxy-${i}`, port])));
  await redis.hset('probe:nodes', { 'probe-1': `127.0.0.1:${probePort}` });
  await redis.hset('gateway:nodes', { 'gateway-1': `127.0.0.1:${gatewayPort}` });
  redis.disconnect();
  return {
    async scrape(concurrency) {
      const response = await fetch(`http://127.0.0.1:${gatewayPort}/metrics?concurrency=${concurrency}`, {
        signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`the original flow failed: ${text}`);
      return { text, costs: JSON.parse(response.headers.get('X-Costs') ?? '') };
    },
    async stop() {
      const exits = [probe, gateway].map((child) => once(child, 'exit'));
      for (const child of [probe, gateway]) child.disconnect();
      await Promise.all(exits);
    },
  };
}

function startProcess(file: string, ...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [...args], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function portOf(child: ChildProcess): Promise<number> {
  const [{ port }] = await once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  return port;
}
