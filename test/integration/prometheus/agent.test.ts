import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { unprivilegedAccount } from '../../../infra/local/services/account.ts';
import { findBinary } from '../../../infra/local/services/binaries.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { renderPrometheusConfig } from '../../../infra/prometheus/render.ts';
import { type ScriptedHttp, startScriptedHttp } from '../../support/scripted-http.ts';
import { unpackSnappy } from '../../support/snappy.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const SCRIPT = fileURLToPath(new URL('../../../infra/prometheus/agent/start-agent.sh', import.meta.url));

/** As a task gives them. */
const FLAGS = [
  '--log.level=warn',
  '--storage.agent.retention.max-time=3600s',
  '--storage.agent.wal-truncate-frequency=1800s',
];

/** What a task of the stage `dev` is given, with another workspace and discovery. */
const configOf = (remoteUrl: string, discoveryUrl: string) =>
  renderPrometheusConfig({
    scrapeInterval: '1s',
    scrapeTimeout: '1s',
    discoveryUrls: [discoveryUrl],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Prometheus replaces it
    externalLabels: { cluster: 'proxywatch-dev', __replica__: '${PROMETHEUS_REPLICA}' },
    remoteWrite: { url: remoteUrl, region: 'eu-central-1' },
  });

test('promtool takes the configuration for that of an agent', () => {
  const file = join(temporaryFolder(), 'prometheus.yml');
  writeFileSync(file, configOf('https://aps.example/api/v1/remote_write', 'http://gateways.example:9464/sd'));
  expect(execFileSync('promtool', ['check', 'config', '--agent', file], { encoding: 'utf8' })).toContain('SUCCESS');
});

describe('the agent, started as its image starts it', () => {
  let folder: string;
  let bin: string;
  let aws: ScriptedHttp;
  let gateway: ScriptedHttp;
  /** What arrived at the workspace. */
  let writes: Buffer[];
  let child: ReturnType<typeof start> | undefined;
  beforeEach(async () => {
    folder = temporaryFolder();
    bin = temporaryFolder();
    writes = [];
    // Version 3 has a flag for what is a feature of version 2, and does of itself what is another one there.
    const prometheus = findBinary('prometheus');
    writeFileSync(
      join(bin, 'prometheus'),
      `#!/bin/sh\n[ "$1" = --agent ] || exit 9\nshift\nexec ${prometheus} --enable-feature=agent,expand-external-labels "$@"\n`,
    );
    chmodSync(join(bin, 'prometheus'), 0o755);
    aws = await startScriptedHttp((request, response) => {
      void buffer(request).then((body) => {
        writes.push(unpackSnappy(body));
        response.writeHead(200).end();
      });
    });
    gateway = await startScriptedHttp((request, response) => {
      const targets = [{ targets: [new URL(gateway.url).host], labels: { proxy: 'shop-1', namespace: 'shop' } }];
      if (request.url?.startsWith('/sd'))
        response.setHeader('content-type', 'application/json').end(JSON.stringify(targets));
      else response.setHeader('content-type', 'text/plain').end('dbproxy_up{proxy="shop-1",namespace="shop"} 1\n');
    });
  });
  afterEach(async () => {
    child?.process.kill('SIGKILL');
    child = undefined;
    await Promise.all([aws.close(), gateway.close()]);
  });

  function start(environment: Readonly<Record<string, string>>) {
    const process = spawn('/bin/sh', [SCRIPT, ...FLAGS], {
      ...unprivilegedAccount([]),
      cwd: '/',
      env: { PATH: `${bin}:/usr/bin:/bin`, PROMETHEUS_FOLDER: folder, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return { process, output: text(process.stderr), exited: once(process, 'close').then(([code]) => code) };
  }

  test('writes what it scrapes to the workspace, with the labels of its replica, and ends when it is told to', async () => {
    const port = await pickFreePort();
    child = start({
      PROMETHEUS_CONFIG: configOf(`${aws.url}/api/v1/remote_write`, `${gateway.url}/sd`),
      PROMETHEUS_PORT: String(port),
      // To sign with. Debian's Prometheus was built without, so what it sends is not signed.
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example-secret',
    });
    const isThere = () => writes.some((body) => body.includes('dbproxy_up'));
    await until('samples arrive', isThere, 60_000);
    const write = writes.find((body) => body.includes('dbproxy_up'));
    for (const label of ['__replica__', hostname(), 'cluster', 'proxywatch-dev'])
      expect(write!.includes(label)).toBe(true);
    expect((await fetch(`http://127.0.0.1:${port}/-/healthy`)).ok).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(['prometheus.yml', 'wal']);
    child.process.kill('SIGTERM');
    expect(await child.exited).toBe(0);
  });

  test('says what is missing without a configuration', async () => {
    child = start({});
    expect(await child.exited).toBe(2);
    expect(await child.output).toMatch(/^PROMETHEUS_CONFIG: not set/);
  });

  test('says what is wrong with a folder that it cannot write to', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked, { mode: 0o555 });
    const account = unprivilegedAccount([]);
    if (account !== undefined) chownSync(locked, 0, 0);
    child = start({ PROMETHEUS_CONFIG: 'global: {}', PROMETHEUS_FOLDER: locked });
    expect(await child.exited).toBe(2);
    expect(await child.output).toContain(`${locked}: cannot be written to`);
  });
});
