import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { startMariadb } from '../../../infra/local/services/mariadb.ts';
import { startPrometheus } from '../../../infra/local/services/prometheus.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { isGone, userOf } from '../../support/processes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const running: Service[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

async function keep<S extends Service>(starting: Promise<S>): Promise<S> {
  const service = await starting;
  running.push(service);
  return service;
}

describe('every service', () => {
  const services = [
    ['redis', () => startRedis()],
    ['mariadb', () => startMariadb()],
    ['kafka', () => startKafka()],
    ['prometheus', () => startPrometheus({ config: 'scrape_configs: []\n' })],
  ] as const;

  test.each(services)('%s is gone after stop, and so is its folder', async (_, start) => {
    const service = await keep<Service>(start());
    const folder = join(service.log, '..');
    expect(isGone(service.pid)).toBe(false);
    expect(existsSync(folder)).toBe(true);
    await service.stop();
    expect(isGone(service.pid)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  test.each(services)('%s never runs as root', async (_, start) => {
    const service = await keep<Service>(start());
    expect(userOf(service.pid)).toBeGreaterThan(0);
  });
});

describe('redis', () => {
  test('answers at its URL', async () => {
    const { url } = await keep(startRedis());
    const client = new Redis(url);
    expect(await client.set('a', '1')).toBe('OK');
    client.disconnect();
  });

  test('keeps what stands in a folder of the caller', async () => {
    const dir = temporaryFolder();
    const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
    for (const expected of [null, 'kept']) {
      const service = await startRedis({ dir, args });
      const client = new Redis(service.url);
      expect(await client.get('a')).toBe(expected);
      await client.set('a', 'kept');
      client.disconnect();
      await service.stop();
    }
  });
});

describe('mariadb', () => {
  test('gives proxywatch its database, and an administrator everything', async () => {
    const { url, adminUrl } = await keep(startMariadb());
    const owner = await createConnection(url);
    await owner.query('CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(20))');
    await owner.query("INSERT INTO t VALUES (1, '😀')");
    expect((await owner.query('SELECT note FROM t'))[0]).toEqual([{ note: '😀' }]);
    await expect(owner.query('CREATE DATABASE other')).rejects.toThrow(/denied/i);
    await owner.end();
    const admin = await createConnection(adminUrl);
    await admin.query('CREATE DATABASE shop');
    await admin.query("CREATE USER 'shop'@'127.0.0.1' IDENTIFIED BY 'shop'");
    await admin.query("GRANT ALL ON shop.* TO 'shop'@'127.0.0.1'");
    await admin.end();
  });
});

describe('kafka', () => {
  test('names three brokers', async () => {
    const { url } = await keep(startKafka());
    expect(url).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
  });
});

describe('a service that cannot start', () => {
  test.each([
    ['REDIS_PORT', (port: number) => startRedis({ port })],
    ['MARIADB_PORT', (port: number) => startMariadb({ port })],
    ['PROMETHEUS_PORT', (port: number) => startPrometheus({ port, config: '' })],
  ])('names the port that is taken and %s', async (variable, start) => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port)),
    );
    try {
      await expect(start(port)).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: expect.stringMatching(new RegExp(`${port}.*${variable}`)),
      });
    } finally {
      holder.close();
    }
  });

  test('tells the end of its log and leaves nothing', async () => {
    const parent = temporaryFolder();
    const dir = join(parent, 'data');
    await expect(startRedis({ dir, log: join(parent, 'log'), args: ['--no-such-option', '1'] })).rejects.toMatchObject({
      code: 'SERVICE_START_FAILED',
      message: expect.stringMatching(/redis did not start: exited with code 1.*no-such-option/s),
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('that is never ready is given up after its time', async () => {
    // Prometheus that listens elsewhere than where we look.
    const starting = startPrometheus({
      config: 'scrape_configs: []\n',
      readyTimeoutMs: 500,
      args: ['--web.external-url=http://127.0.0.1/elsewhere'],
    });
    await expect(starting).rejects.toThrow(/prometheus did not start: not ready in time/);
  });

  test('is given up when its caller gives up', async () => {
    const caller = new AbortController();
    const starting = startMariadb({ signal: caller.signal });
    caller.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
  });
});
