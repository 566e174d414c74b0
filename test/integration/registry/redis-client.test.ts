import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { redisScript } from '@proxywatch/core/drivers/redis/redis-script';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { failureOf } from '../../support/redis-servers.ts';
import { until } from '../../support/until.ts';

const ECHO = redisScript('return { KEYS[1], ARGV[1] }');

describe.each([
  ['one server', () => startRedis()],
  ['a cluster', () => startRedisCluster()],
])('Redis as %s', (_, start) => {
  let server: Service;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  test('is recognised by itself and carries out commands and scripts', async () => {
    const redis = createRedis(server.url);
    await redis.call('HSET', ['{a}:hash', 'x', 1, 'y', 'zwei']);
    expect(await redis.call('HGETALL', ['{a}:hash'])).toEqual(['x', '1', 'y', 'zwei']);
    expect(await redis.call('GET', ['{a}:absent'])).toBeNull();
    for (let i = 0; i < 2; i++) expect(await redis.evaluate(ECHO, ['{a}:key'], ['ö'])).toEqual(['{a}:key', 'ö']);
    await redis.close();
  });

  test('gives bytes as they are when asked to', async () => {
    const redis = createRedis(server.url);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await redis.call('SET', ['{a}:bytes', bytes]);
    expect(await redis.call('GET', ['{a}:bytes'], { binary: true })).toEqual(bytes);
    expect(await redis.evaluate(ECHO, ['{a}:k'], [bytes], { binary: true })).toEqual([Buffer.from('{a}:k'), bytes]);
    await redis.close();
  });

  test('tells mistakes of ours apart from its own absence', async () => {
    const redis = createRedis(server.url);
    await redis.call('SET', ['{a}:text', 'x']);
    const error = await failureOf(redis.call('HGET', ['{a}:text', 'f']));
    expect(errorCodeOf(error)).toBeUndefined();
    expect(messageOf(error)).toContain('WRONGTYPE');
    await redis.close();
  });

  test('takes many calls at once', async () => {
    const redis = createRedis(server.url);
    const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => redis.call('SET', [`key-${i}`, i])));
    expect(new Set(replies)).toEqual(new Set(['OK']));
    await redis.close();
  });
});

describe('Redis that fails', () => {
  test('fails calls quickly while nothing listens, and serves them once something does', async () => {
    const port = await pickFreePort();
    const redis = createRedis(`redis://127.0.0.1:${port}`);
    expect(errorCodeOf(await failureOf(redis.call('GET', ['a'])))).toBe('STORE_UNAVAILABLE');
    const server = await startRedis({ port });
    expect(await redis.call('GET', ['a'])).toBeNull();
    await server.stop();
    const error = await failureOf(redis.call('GET', ['a']));
    expect(errorCodeOf(error)).toBe('STORE_UNAVAILABLE');
    expect(messageOf(error)).toMatch(/ECONNREFUSED|ECONNRESET|closed/);
    const successor = await startRedis({ port });
    await until('it is served again', async () => (await failureOf(redis.call('GET', ['a']))) === undefined);
    await redis.close();
    await successor.stop();
  });

  test('never sends a command twice', async () => {
    let asked = 0;
    const fake = await fakeRedis((line, socket) => {
      if (/^INCR$/i.test(line)) {
        asked += 1;
        socket.destroy();
      }
    });
    const redis = createRedis(`${fake.url}?cluster=false`);
    expect(errorCodeOf(await failureOf(redis.call('INCR', ['a'])))).toBe('STORE_UNAVAILABLE');
    expect(await redis.call('PING', [])).toBe('OK');
    expect(asked).toBe(1);
    await redis.close();
    fake.server.close();
  });

  test('gives up calls to a server that accepts and never answers', async () => {
    const mute = await muteServer();
    const redis = createRedis(urlOf(mute), { commandTimeoutMs: 100 });
    expect(errorCodeOf(await failureOf(redis.call('GET', ['a'])))).toBe('STORE_UNAVAILABLE');
    await redis.close();
    mute.close();
  });

  test('refuses more calls than may wait, and leaves when the caller does', async () => {
    const mute = await muteServer();
    const redis = createRedis(urlOf(mute), { maxPending: 1 });
    const gone = new AbortController();
    const waiting = failureOf(redis.call('GET', ['a'], { signal: gone.signal }));
    expect(messageOf(await failureOf(redis.call('GET', ['b'])))).toContain('1 calls are waiting');
    const reason = new Error('gone');
    gone.abort(reason);
    expect(await waiting).toBe(reason);
    await redis.close();
    mute.close();
  });

  test('refuses calls after it was closed, and a wrong password without repeating it', async () => {
    const server = await startRedis();
    const open = createRedis(server.url);
    await open.call('CONFIG', ['SET', 'requirepass', 'right']);
    await open.close();
    const wrong = createRedis(server.url.replace('redis://', 'redis://default:hunter2@'));
    const error = await failureOf(wrong.call('GET', ['a']));
    expect(errorCodeOf(error)).toBe('STORE_UNAVAILABLE');
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
    await wrong.close();
    expect(errorCodeOf(await failureOf(wrong.call('GET', ['a'])))).toBe('STORE_UNAVAILABLE');
    const right = createRedis(server.url.replace('redis://', 'redis://default:right@'));
    expect(await right.call('PING', [])).toBe('PONG');
    await right.close();
    await server.stop();
  });

  test('is refused when its URL is none', () => {
    expect(() => createRedis('http://127.0.0.1')).toThrow(/REDIS_URL: has another scheme, expected redis:/);
  });
});

/** Answers +OK to every command, one at a time, after `onLine` saw each line of it. */
async function fakeRedis(onLine: (line: string, socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const lines = data.toString().split('\r\n');
      for (const line of lines) onLine(line, socket);
      const commands = lines.filter((line) => line.startsWith('*')).length;
      if (!socket.destroyed) socket.write('+OK\r\n'.repeat(commands));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: urlOf(server) };
}

async function muteServer(): Promise<Server> {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `redis://127.0.0.1:${address.port}`;
}
