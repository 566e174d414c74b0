import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { packGateway } from '../../../infra/aws/packages/pack-gateway.ts';
import { unprivilegedAccount } from '../../../infra/local/services/account.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type CountingProxy, complete, executionsOf, startCountingProxy } from '../../support/counting-proxy.ts';
import { readDockerfile } from '../../support/dockerfile.ts';
import { arnOf, startFakeSecretsManager } from '../../support/fake-secrets-manager.ts';
import { json, type ScriptedHttp, startScriptedHttp } from '../../support/scripted-http.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { parseExposition } from '../../unit/functions/gateway/exposition/strict-parser.ts';

/** Within which ECS expects a task to end, before it kills it. */
const STOP_TIMEOUT_MS = 120_000;

let redis: Service;
let folder: string;
beforeAll(async () => {
  const packed = await packGateway({ outDir: temporaryFolder('file') });
  redis = await startRedis();
  // As in the image: what is copied and nothing else, which nobody may write to.
  folder = join(mkdtempSync(join(tmpdir(), 'packed-gateway-')), 'gateway');
  chmodSync(dirname(folder), 0o755);
  for (const source of readDockerfile(packed).sources) cpSync(join(packed, source), join(folder, source));
  cpSync(join(packed, 'Dockerfile'), join(dirname(folder), 'Dockerfile'));
  chmodSync(folder, 0o555);
});
afterAll(async () => {
  await redis?.stop();
  chmodSync(folder, 0o755);
  rmSync(dirname(folder), { recursive: true, force: true });
});

const dockerfile = () => readDockerfile(dirname(folder));

/** A command of the image, as its user, with its environment and the one of the task. */
function run([program, ...args]: readonly string[], environment: Readonly<Record<string, string>>) {
  expect(program).toBe('node');
  return spawn(process.execPath, args, {
    ...unprivilegedAccount([]),
    cwd: folder,
    env: { ...dockerfile().environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the packed gateway, run as the image runs it', () => {
  let proxy: CountingProxy;
  let metadata: ScriptedHttp;
  let env: Record<string, string>;
  let children: ReturnType<typeof run>[];
  beforeEach(async () => {
    children = [];
    proxy = await startCountingProxy();
    proxy.run(1, 70);
    metadata = await startScriptedHttp(
      json({
        TaskARN: 'arn:aws:ecs:eu-central-1:123456789012:task/proxywatch-dev/2cd4a1b7',
        Family: 'proxywatch-dev-gateway',
        Revision: '7',
        Containers: [{ Networks: [{ IPv4Addresses: ['127.0.0.1'] }] }],
      }),
    );
    const settings = temporaryFolder();
    const entry = { id: 'p', kind: 'proxysql', namespace: 'test', adminHost: '127.0.0.1', adminPort: proxy.port };
    writeFileSync(join(settings, 'proxies.json'), JSON.stringify([{ ...entry, statsCredentialRef: 'stats' }]));
    writeFileSync(join(settings, 'credentials.json'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
    env = {
      ECS_CONTAINER_METADATA_URI_V4: `${metadata.url}/v4/container`,
      GATEWAY_PORT: String(await pickFreePort()),
      REDIS_URL: redis.url,
      PROXIES_FILE: join(settings, 'proxies.json'),
      PROXY_CREDENTIALS_FILE: join(settings, 'credentials.json'),
      REGISTRY_POLL_MS: '100',
    };
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([proxy.close(), metadata.close()]);
  });

  const url = (path: string) => `http://127.0.0.1:${env.GATEWAY_PORT}${path}`;
  const isOk = (path: string) =>
    fetch(url(path)).then(
      ({ ok }) => ok,
      () => false,
    );
  function start() {
    const child = run(dockerfile().entrypoint, env);
    children.push(child);
    const output = text(child.stderr);
    return { child, output, exited: once(child, 'close') };
  }
  async function health(): Promise<number> {
    const child = run(dockerfile().healthCommand, env);
    const [code] = await once(child, 'close');
    return code;
  }

  test('needs nothing but its files, collects, knows who it is, and stops in time', async () => {
    expect(await health()).toBe(1);
    const { child, output, exited } = start();
    await until('it is ready', () => isOk('/readyz'), 20_000);
    expect(await isOk('/healthz')).toBe(true);
    expect(await health()).toBe(0);
    const self = await (await fetch(url('/metrics/self'))).text();
    expect(self).toContain('proxywatch_gateway_proxies{gateway="2cd4a1b7"} 1');
    expect(await (await fetch(url('/sd/gateways'))).json()).toEqual([
      { targets: [`127.0.0.1:${env.GATEWAY_PORT}`], labels: { gateway: '2cd4a1b7' } },
    ]);
    expect(await (await fetch(url('/debug/workers'))).json()).toMatchObject({
      fleet: { members: [{ release: 'proxywatch-dev-gateway:7', slot: 'slot-1' }] },
    });
    const { samples } = parseExposition(await (await fetch(url('/metrics'))).text(), 'text');
    expect(executionsOf(samples, 'p')).toEqual(complete(proxy));

    child.kill('SIGTERM');
    await until('it has ended', () => child.exitCode !== null, STOP_TIMEOUT_MS);
    await exited;
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
    expect(await output).not.toContain('failed');
    expect(await health()).toBe(1);
    expect(readdirSync(folder).toSorted()).toEqual(dockerfile().sources.toSorted());
  });

  test('reads its credentials from Secrets Manager, as the role of its task', async () => {
    const manager = await startFakeSecretsManager();
    const role = await startScriptedHttp(
      json({
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'example-secret',
        Token: 'example-token',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
    manager.secrets.set(arnOf('stats'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
    const { PROXY_CREDENTIALS_FILE: _, ...others } = env;
    env = {
      ...others,
      PROXY_CREDENTIALS_SECRETS: arnOf('stats'),
      AWS_REGION: 'eu-central-1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${role.url}/role`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
    };
    const { output, child, exited } = start();
    await until('it has collected', async () => isOk('/readyz'), 20_000);
    const { samples } = parseExposition(await (await fetch(url('/metrics'))).text(), 'text');
    expect(executionsOf(samples, 'p')).toEqual(complete(proxy));
    expect(role.requests.map(({ line }) => line)).toContain('GET /role');
    expect(manager.asked).toContain(arnOf('stats'));
    child.kill('SIGTERM');
    await exited;
    expect(await output).not.toContain('example-');
    await Promise.all([manager.close(), role.close()]);
  });

  test('is not taken for healthy while its Redis cannot be reached', async () => {
    env.REDIS_URL = `redis://127.0.0.1:${await pickFreePort()}`;
    start();
    await until('it is alive', () => isOk('/healthz'), 20_000);
    expect(await health()).toBe(1);
  });

  test('ends with what it was not told when the metadata of its task lacks it', async () => {
    metadata.answer = json({ TaskARN: 'arn:aws:ecs:eu-central-1:123456789012:task/proxywatch-dev/2cd4a1b7' });
    const { child, output, exited } = start();
    await exited;
    expect(child.exitCode).toBe(1);
    expect(await output).toMatch(
      /no Containers\[\].* for GATEWAY_ADVERTISE, no Family and Revision for GATEWAY_RELEASE/,
    );
  });
});
