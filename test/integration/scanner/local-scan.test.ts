import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';
import { proxyNamed, requestFor } from '../../support/scan-requests.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const FOLDER = fileURLToPath(new URL('../../../infra/local/scan', import.meta.url));

let server: Service;
let redis: RedisClient;
/** What stands where the proxies should: it hangs up at once. */
let nobody: RawServer;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  [server, nobody] = await Promise.all([startRedis(), startRawServer((socket) => socket.destroy())]);
  redis = createRedis(server.url);
  const proxies = ['shop-1', 'shop-2'].map((id) => ({ ...proxyNamed(id), adminPort: nobody.port }));
  await createRedisRegistry(redis).publish({ proxies, source: 's', revision: 1 });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await redis?.close();
  await Promise.all([server?.stop(), nobody?.close()]);
});

function start(program: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const credentials = join(folder, 'credentials.json');
  writeFileSync(credentials, '{"stats":{"user":"stats","password":"the-password"}}');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(FOLDER, program), ...args], {
    env: {
      PATH: process.env.PATH,
      REDIS_URL: server.url,
      PROXY_CREDENTIALS_FILE: credentials,
      // Everything that would need another server goes nowhere.
      SCAN_ROUTES: JSON.stringify(
        Object.fromEntries(COLLECTORS.map((name) => [name, name === 'status' ? ['redis'] : []])),
      ),
      SCAN_DEAD_LETTERS_FILE: join(folder, 'dead-letters.jsonl'),
      ...env,
    },
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.err += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output, exited };
}

describe('npm run scan', () => {
  test('shows what became of each proxy, and fails when one could not be collected from', async () => {
    const { output, exited } = start('cli.ts');
    expect(await exited).toBe(1);
    expect(output.out).toMatch(
      /^PROXY +OUTCOME +COLLECTOR +RECORDS +PROBLEM\nshop-1 +unreachable .*\nshop-2 +unreachable /,
    );
    expect(output.out).toContain('unreachable 2; ');
    expect(output.out + output.err).not.toContain('the-password');
  });

  test('takes one of the proxies, and knows no others', async () => {
    const one = start('cli.ts', ['--proxy', 'shop-2', '--collector', 'status']);
    const unknown = start('cli.ts', ['--proxy', 'shop-3']);
    expect([await one.exited, await unknown.exited]).toEqual([1, 2]);
    expect(one.output.out).not.toContain('shop-1');
    expect(unknown.output.err).toBe('scan: there is no proxy "shop-3", only shop-1, shop-2\n');
  });

  test('says what is wrong with its arguments or settings, with 2', async () => {
    const [wrong, unset, help] = [
      start('cli.ts', ['--al']),
      start('cli.ts', [], { REDIS_URL: '' }),
      start('cli.ts', ['--help']),
    ];
    expect([await wrong.exited, await unset.exited, await help.exited]).toEqual([2, 2, 0]);
    expect(wrong.output.err).toMatch(/^Unknown option '--al'\nusage: npm run scan/);
    expect(unset.output.err).toContain('REDIS_URL: not set');
    expect(help.output.out).toMatch(/^usage: npm run scan/);
  });

  test('runs dead letters again, and says what became of each', async () => {
    const file = join(folder, 'dead.jsonl');
    const letter = { failedAt: '', reason: 'INVOKE_FAILED: no answer', request: requestFor('shop-1', 'retired') };
    writeFileSync(file, `${JSON.stringify(letter)}\nbroken\n`);
    const { output, exited } = start('cli.ts', ['--replay', file]);
    expect(await exited).toBe(1);
    expect(output.err).toContain(`${file} line 2: not valid JSON`);
    expect(output.out).toMatch(/INVOKE_FAILED: no answer +2 {2}unreachable 1, no longer registered 1\n/);
    const missing = start('cli.ts', ['--replay', join(folder, 'missing')]);
    expect(await missing.exited).toBe(2);
    expect(missing.output.err).toContain('cannot be read');
  });
});

describe('the scheduler of a local run', () => {
  test('dispatches a tick after the other, and ends when it is told', async () => {
    const { child, output, exited } = start('main.ts', [], { SCAN_TICK_MS: '1000' });
    await until('two ticks are dispatched', () => output.err.split('"event":"tick dispatched"').length > 2, 60_000);
    expect(JSON.parse(output.out)).toMatchObject({ ready: true, tickMs: 1_000 });
    expect(JSON.parse(String(await redis.call('GET', ['{pw:scan}:last-run'])))).toMatchObject({ proxies: 2 });
    await until('failures are noted', async () => (await redis.call('HLEN', ['{pw:scan}:failures'])) === 2, 60_000);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  test('goes on when Redis is away for a while', async () => {
    const { output, exited, child } = start('main.ts', [], { SCAN_TICK_MS: '1000', REDIS_URL: 'redis://127.0.0.1:1' });
    await until('two ticks failed', () => output.err.split('"event":"tick failed"').length > 2, 60_000);
    expect(output.err).toContain('STORE_UNAVAILABLE');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});
