import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type LambdaApi, startLambdaApi } from '../../support/lambda-api.ts';
import { proxiesNamed } from '../../support/scan-requests.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What Lambda's runtime does with the handler, twice in one process. */
const RUNTIME = `
const { handler } = await import('./functions/scanner/dispatch/handler.ts');
const context = { getRemainingTimeInMillis: () => 60_000 };
const outcomes = [];
for (const event of JSON.parse(process.argv[1])) {
  outcomes.push(await handler(event, context).catch((error) => ({ code: error.code, message: error.message })));
}
console.log('outcomes ' + JSON.stringify(outcomes));
process.exit();
`;

let redis: Service;
let api: LambdaApi;
beforeEach(async () => {
  [redis, api] = await Promise.all([startRedis(), startLambdaApi()]);
});
afterEach(async () => {
  await Promise.all([redis?.stop(), api?.close()]);
});

async function invoke(events: readonly unknown[], env: Readonly<Record<string, string>>) {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', RUNTIME, JSON.stringify(events)];
  const { stdout } = await run(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    timeout: 60_000,
  });
  const line = stdout.split('\n').find((text) => text.startsWith('outcomes '));
  return { stdout, outcomes: JSON.parse(line?.slice('outcomes '.length) ?? 'null') };
}

describe('the handler of dispatch', () => {
  test('dispatches the tick of its event, and refuses the event when it comes again', async () => {
    const client = createRedis(redis.url);
    await createRedisRegistry(client).publish({ proxies: proxiesNamed(3), source: 's', revision: 1 });
    await client.close();
    const event = { scheduledTime: new Date().toISOString() };
    const { outcomes, stdout } = await invoke([event, event], {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example-secret',
      AWS_ENDPOINT_URL: api.client.endpoint,
      REDIS_URL: redis.url,
      // Long enough that both events are of one tick.
      SCAN_TICK_MS: '3600000',
      SCAN_COLLECT_FUNCTION: 'collect',
      SCAN_DEAD_LETTERS_URL: `${api.client.endpoint}/queue`,
    });
    expect(outcomes).toMatchObject([
      { kind: 'dispatched', run: { outcome: 'complete', due: 3, invocations: 3 } },
      { kind: 'refused' },
    ]);
    expect(api.accepted).toHaveLength(3);
    expect(stdout).toContain('"event":"tick dispatched"');
    expect(stdout).not.toContain('example-secret');
  });

  test('says with each invocation what is wrong with its settings', async () => {
    const { outcomes } = await invoke([{}, {}], { REDIS_URL: redis.url });
    const told = { code: 'CONFIG_INVALID', message: expect.stringContaining('SCAN_COLLECT_FUNCTION: not set') };
    expect(outcomes).toEqual([told, told]);
  });
});
