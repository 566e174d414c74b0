import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import { askTraffic } from '../../../infra/local/lab/cli/traffic-control.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { seedBackends } from '../../../infra/local/traffic/seed.ts';
import type { TargetStatus } from '../../../infra/local/traffic/target/start-target.ts';
import { startFakeMysql } from '../../support/fake-mysql.ts';
import { until } from '../../support/until.ts';

const PROGRAM = new URL('../../../infra/local/traffic/main.ts', import.meta.url).pathname;

let server: MariadbService;
let program: ChildProcess | undefined;
beforeAll(async () => {
  server = await startMariadb();
  await seedBackends(server.adminUrl);
});
afterEach(async () => {
  if (program?.exitCode === null && program.signalCode === null) {
    program.kill('SIGKILL');
    await once(program, 'exit');
  }
});
afterAll(() => server?.stop());

/** Straight to the back end: the traffic does not know whether a proxy stands between. */
async function start(env: Record<string, string> = {}): Promise<{ child: ChildProcess; controlPort: number }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    env: { PATH: process.env.PATH, TRAFFIC_TARGETS: `127.0.0.1:${server.port}`, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  program = child;
  const lines = createInterface(child.stdout);
  const [line] = await once(lines, 'line');
  const ready = JSON.parse(line);
  expect(ready.ready).toBe(true);
  return { child, controlPort: ready.controlPort };
}

async function statusOf(port: number): Promise<TargetStatus> {
  return JSON.parse(await askTraffic(port, 'status')).targets[0];
}

describe('the traffic generator', () => {
  test('brings every kind of failure, and sends nothing once it is paused', async () => {
    const admin = await createConnection(server.adminUrl);
    const { controlPort } = await start({ TRAFFIC_RATE: '400' });
    const hasFailed = async () => {
      const { warm, failed } = await statusOf(controlPort);
      return warm && ['1054', '1062', '1064', '1142', '1146'].every((errno) => errno in failed);
    };
    await until('every statement was sent and every kind of failure was there', hasFailed, 60_000);
    expect((await statusOf(controlPort)).up).toBe(true);
    await askTraffic(controlPort, 'pause');
    const paused = await statusOf(controlPort);
    expect(paused.inFlight).toBe(0);
    const before = await countersOf(admin);
    // Long enough for a dozen statements at this rate.
    for (let i = 0; i < 20; i++) await admin.query('DO SLEEP(0.01)');
    const { Com_do: _before, ...counted } = before;
    const { Com_do: _after, ...later } = await countersOf(admin);
    expect(later).toEqual(counted);
    await askTraffic(controlPort, 'resume');
    await until('traffic goes on', async () => (await statusOf(controlPort)).executed > paused.executed);
    await admin.end();
  });

  test('ends by itself on SIGTERM and when its parent is gone', async () => {
    const { child: terminated } = await start();
    terminated.kill('SIGTERM');
    expect(await once(terminated, 'exit')).toEqual([0, null]);
    const { child: orphan } = await start({ TRAFFIC_PARENT_PIPE: '1' });
    orphan.stdin?.destroy();
    expect(await once(orphan, 'exit')).toEqual([0, null]);
  });

  test('names every wrong setting and exits with code 2', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
      env: { PATH: process.env.PATH, TRAFFIC_TARGETS: 'nowhere', TRAFFIC_RATE: 'fast', TRAFFIC_DIGESTS: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(stderr).toMatch(/3 problems[\s\S]*TRAFFIC_TARGETS: [\s\S]*TRAFFIC_RATE: [\s\S]*TRAFFIC_DIGESTS: /);
  });
});

describe('the back end of the lab', () => {
  test('can be seeded again, which starts it over', async () => {
    const admin = await createConnection(server.adminUrl);
    await admin.query('DELETE FROM shop.customers');
    await seedBackends(server.adminUrl);
    const [rows] = await admin.query('SELECT COUNT(*) AS n FROM shop.customers');
    expect(rows).toEqual([{ n: 500 }]);
    const { host, port } = admin.config;
    // As lab proxies log in to see whether it lives.
    const monitor = await createConnection({ host, port, user: 'monitor', password: 'monitor' });
    await monitor.end();
    await admin.end();
  });

  test('is not seeded for a caller that has gone', async () => {
    const reason = new Error('gone');
    await expect(seedBackends(server.adminUrl, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('that stops answering does not keep a caller who goes', async () => {
    const reason = new Error('gone');
    const gone = new AbortController();
    const mute = await startFakeMysql(() => {
      gone.abort(reason);
      return new Promise(() => {});
    });
    await expect(seedBackends(`mysql://u:p@127.0.0.1:${mute.port}`, gone.signal)).rejects.toBe(reason);
    await mute.stop();
  });
});

/** How often the server carried out each kind of statement, our own asking aside. */
async function countersOf(admin: Connection): Promise<Record<string, string>> {
  const [rows] = await admin.query({ sql: "SHOW GLOBAL STATUS LIKE 'Com\\_%'", rowsAsArray: true });
  const counters = (rows as unknown as [string, string][]).filter(([name]) => !name.startsWith('Com_show'));
  return Object.fromEntries(counters);
}
