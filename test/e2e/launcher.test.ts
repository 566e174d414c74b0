import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { findBinary } from '../../infra/local/services/binaries.ts';
import { startKafka } from '../../infra/local/services/kafka.ts';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { launch, startLocalRun } from '../support/local-run.ts';
import { isGone } from '../support/processes.ts';
import { queryPrometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

describe('a local run', () => {
  test('brings up the whole system, and Ctrl-C takes all of it away', async () => {
    const run = await (await startLocalRun()).ready();
    const { SKYEYE_URL = '', GATEWAY_URL } = run.env();
    expect(statSync(run.file('env')).mode & 0o777).toBe(0o600);
    expect(statSync(run.file('credentials.json')).mode & 0o777).toBe(0o600);
    expect(run.output()).toContain(`${GATEWAY_URL}/metrics`);
    expect(run.output()).not.toContain('proxywatch:proxywatch');
    const busy = 'dbproxy_up == 1 and dbproxy_sql_all_executions_total > 0';
    await until(
      'Prometheus sees three proxies under traffic',
      async () => (await queryPrometheus(SKYEYE_URL, busy)).length === 3,
      60_000,
    );
    // Whichever gateway is asked, it can show all proxies.
    for (const url of run.env().GATEWAY_URLS?.split(',') ?? []) {
      let page = '';
      await until(`${url} shows all proxies`, async () => {
        page = await (await fetch(`${url}/metrics?fleet=true`)).text();
        return page.match(/^dbproxy_up\{.*\} 1$/gm)?.length === 3;
      });
      expect(execFileSync(findBinary('promtool'), ['check', 'metrics'], { input: page, encoding: 'utf8' })).toBe('');
    }
    const pids = run.pids();
    expect(pids).toHaveLength(14);
    run.child.kill('SIGINT');
    // npm and the terminal may both send it.
    run.child.kill('SIGINT');
    expect(await run.exited).toBe(0);
    await run.gone(pids);
  });

  test('starts a lab proxy, a gateway or the scanner again when it dies', async () => {
    const run = await (await startLocalRun()).ready();
    for (const name of ['lab-2', 'gateway-1', 'gateway-2', 'scanner']) {
      const before = run.pidOf(name);
      process.kill(before, 'SIGKILL');
      await until(`${name} has another pid`, () => run.pidOf(name) !== before);
    }
    const isReady = () =>
      fetch(`${run.env().GATEWAY_URL}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until('the gateway is back', isReady, 60_000);
    const port = Number(run.settings.LAB_PORT) + 10;
    const admits = () =>
      createConnection({ host: '127.0.0.1', port, user: 'stats', password: 'stats' }).then(
        (connection) => connection.end().then(() => true),
        () => false,
      );
    await until('the lab proxy is back', admits, 60_000);
    expect(run.output()).toContain('! lab-2 was ended by SIGKILL: starting it again');
  });

  test('lets no second run into its folder, and leaves nothing when its launcher is killed', async () => {
    const run = await (await startLocalRun()).ready();
    const second = launch(run.settings);
    let output = '';
    second.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    expect(await new Promise((resolve) => second.once('close', resolve))).toBe(1);
    expect(output).toContain(`a run is already going on in this checkout (process ${run.child.pid})`);
    const pids = run.pids();
    expect(pids.some(isGone)).toBe(false);
    run.child.kill('SIGKILL');
    await run.gone(pids);
  });

  test('ends when a service dies, and says which', async () => {
    const run = await (await startLocalRun()).ready();
    const pids = run.pids();
    process.kill(run.pidOf('prometheus'), 'SIGKILL');
    expect(await run.exited).toBe(1);
    expect(run.output()).toContain('prometheus was ended by SIGKILL: stopping');
    await run.gone(pids);
  });

  test('that is told to stop before it is up leaves nothing', async () => {
    const run = await startLocalRun();
    await until('the first service is up', () => run.output().includes('✓ redis'));
    const pids = run.pids();
    run.child.kill('SIGTERM');
    expect(await run.exited).toBe(0);
    expect(run.output()).toContain('stopped before everything was up');
    await run.gone(pids);
  });

  test('that cannot start names the port and its variable, and leaves nothing', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port)),
    );
    try {
      const run = await startLocalRun({ GATEWAY_PORT: `${port}` });
      expect(await run.exited).toBe(1);
      expect(run.output()).toContain(`port ${port} of gateway-1 is taken`);
      expect(run.output()).toContain('GATEWAY_PORT');
      await run.gone([]);
    } finally {
      holder.close();
    }
  });

  test('uses services as given and starts none of its own in their place', async () => {
    const [redis, mariadb, kafka] = await Promise.all([startRedis(), startMariadb(), startKafka()]);
    const given = { REDIS_URL: redis.url, DCDB_URL: mariadb.url, KAFKA_BROKERS: kafka.url };
    const skyeye = { SKYEYE_URL: 'http://127.0.0.1:9' };
    try {
      const run = await (await startLocalRun({ ...given, ...skyeye })).ready();
      expect(run.env()).toMatchObject({ ...given, ...skyeye });
      for (const name of ['redis', 'mariadb', 'kafka', 'prometheus']) expect(() => run.pidOf(name)).toThrow('ENOENT');
      const client = new Redis(redis.url);
      expect(await client.exists('{proxywatch}:registry')).toBe(1);
      client.disconnect();
      const dcdb = await createConnection(mariadb.url);
      expect((await dcdb.query('SELECT id FROM proxies ORDER BY id'))[0]).toEqual([
        { id: 'lab-1' },
        { id: 'lab-2' },
        { id: 'lab-3' },
      ]);
      await dcdb.end();
      const pids = run.pids();
      run.child.kill('SIGTERM');
      expect(await run.exited).toBe(0);
      await run.gone(pids);
      expect([redis, mariadb, kafka].map(({ pid }) => isGone(pid))).toEqual([false, false, false]);
    } finally {
      await Promise.all([redis.stop(), mariadb.stop(), kafka.stop()]);
    }
  });

  test('with wrong settings names all of them and starts nothing', async () => {
    const run = await startLocalRun({ LAB_PORT: '65530', REDIS_URL: 'http://h' });
    expect(await run.exited).toBe(2);
    expect(run.output()).toMatch(/LAB_PORT[\s\S]*REDIS_URL|REDIS_URL[\s\S]*LAB_PORT/);
  });
});
