import { afterEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import { absentRedis } from '../../../../../support/absent-redis.ts';
import { failureOf } from '../../../../../support/redis-servers.ts';
import { json, type ScriptedHttp, startScriptedHttp } from '../../../../../support/scripted-http.ts';
import { until } from '../../../../../support/until.ts';

const cluster = { id: 'shop-main', name: 'Shop', engine: 'mysql', updatedAt: '2026-01-31T13:00:00+01:00' };
const instance = {
  id: 'db-1',
  host: 'db-1.example',
  port: 3306,
  role: 'writer',
  weight: 1,
  maxConnections: 100,
  maxReplicationLag: 0,
  useSsl: false,
  status: 'online',
};
const clusters = json({ items: [cluster] });
const broken = json({ error: 'broken' }, 500);

const servers: ScriptedHttp[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

type Options = Partial<Parameters<typeof createHttpDatabaseConfig>[0]>;

async function start(answer: ScriptedHttp['answer'], options: Options = {}) {
  const server = await startScriptedHttp(answer);
  servers.push(server);
  // Without chance there are no pauses between attempts.
  const defaults = { url: server.url, redis: absentRedis(), random: () => 0 };
  return { server, databases: createHttpDatabaseConfig({ ...defaults, ...options }) };
}

describe('the service', () => {
  test('is asked below its URL, and answers with what it knows now', async () => {
    const { server, databases } = await start(clusters);
    const base = createHttpDatabaseConfig({ url: `${server.url}/api/v2`, redis: absentRedis() });
    const known = { ...cluster, updatedAt: '2026-01-31T12:00:00.000Z', description: '', region: '' };
    expect(await databases.fetchClusters()).toEqual({ value: [known], staleSeconds: 0 });
    await base.fetchClusters();
    server.answer = json({ ...cluster, colour: 'red' });
    expect(await base.fetchCluster('shop-main')).toEqual({ value: known, staleSeconds: 0 });
    server.answer = json({ items: [instance] });
    expect(await base.fetchInstances('shop:main')).toEqual({ value: [{ ...instance, zone: '' }], staleSeconds: 0 });
    const changes = { items: [], cursor: 'a-1' };
    server.answer = json(changes);
    expect(await base.fetchChanges('a b&c=?')).toEqual({ value: undefined, staleSeconds: 0 });
    expect(await base.fetchChanges('a&b=?')).toEqual({ value: changes, staleSeconds: 0 });
    expect(server.requests.map(({ line }) => line)).toEqual([
      'GET /clusters',
      'GET /api/v2/clusters',
      'GET /api/v2/clusters/shop-main',
      'GET /api/v2/clusters/shop%3Amain/instances',
      'GET /api/v2/changes?since=a%26b%3D%3F',
    ]);
  });

  test('is not asked for an id that no cluster can have', async () => {
    const { server, databases } = await start(clusters);
    for (const id of ['..', '../changes', 'a/b', '', 'x\0', 'a?b', '%2e%2e', 'x'.repeat(129)]) {
      expect(await databases.fetchCluster(id)).toEqual({ value: undefined, staleSeconds: 0 });
      expect((await databases.fetchInstances(id)).value).toBeUndefined();
    }
    expect(server.requests).toEqual([]);
  });

  test('says by 404 that there is no such cluster, and by 410 that it forgot a cursor', async () => {
    const { server, databases } = await start(json({ error: 'none' }, 404));
    expect((await databases.fetchCluster('x')).value).toBeUndefined();
    expect((await databases.fetchInstances('x')).value).toBeUndefined();
    server.answer = json({ error: 'gone' }, 410);
    expect((await databases.fetchChanges('x')).value).toBeUndefined();
    expect(errorCodeOf(await failureOf(databases.fetchClusters()))).toBe('SERVICE_REFUSED');
    expect(errorCodeOf(await failureOf(databases.fetchChanges(undefined)))).toBe('SERVICE_REFUSED');
  });

  test('is shown the token, which is in no error', async () => {
    const { server, databases } = await start(json({ error: 'no' }, 403), { token: 'let-me-in' });
    const error = await failureOf(databases.fetchClusters());
    expect(server.requests[0]?.headers.authorization).toBe('Bearer let-me-in');
    expect(errorCodeOf(error)).toBe('SERVICE_REFUSED');
    expect(JSON.stringify([error, messageOf(error), (error as Error).stack])).not.toContain('let-me-in');
  });
});

describe('a failure', () => {
  test('is met with a few more attempts', async () => {
    let failures = 2;
    const { server, databases } = await start((request, response) =>
      (failures-- > 0 ? broken : clusters)(request, response),
    );
    expect((await databases.fetchClusters()).value).toHaveLength(1);
    expect(server.requests).toHaveLength(3);
  });

  test.each([500, 502, 503, 429, 408])('%i is one that goes by', async (status) => {
    const { server, databases } = await start(json({}, status));
    const error = await failureOf(databases.fetchClusters());
    expect(errorCodeOf(error)).toBe('SERVICE_UNREACHABLE');
    expect(error).toHaveProperty('service', 'dbconfig');
    expect(server.requests).toHaveLength(3);
  });

  test.each([301, 400, 401, 403, 404, 204, 304])('%i is one that stays', async (status) => {
    const { server, databases } = await start(
      (_, response) => void response.writeHead(status, { location: '/x' }).end(),
    );
    const error = await failureOf(databases.fetchClusters());
    expect(errorCodeOf(error)).toBe('SERVICE_REFUSED');
    expect(error).toHaveProperty('service', 'dbconfig');
    expect(server.requests).toHaveLength(1);
  });

  test('to connect names no host', async () => {
    const { server, databases } = await start(clusters);
    await server.close();
    const error = await failureOf(databases.fetchClusters());
    expect(messageOf(error)).toBe('dbconfig is unreachable: ECONNREFUSED');
    expect(errorCodeOf(error)).toBe('SERVICE_UNREACHABLE');
  });

  test('to answer in time ends the attempt, in the head as in the body', async () => {
    const { server, databases } = await start(() => undefined, { attemptTimeoutMs: 30, maxAttempts: 2 });
    expect(messageOf(await failureOf(databases.fetchClusters()))).toContain('no answer within 30 ms');
    server.answer = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    expect(errorCodeOf(await failureOf(databases.fetchClusters()))).toBe('SERVICE_UNREACHABLE');
    expect(server.requests).toHaveLength(4);
  });

  test('ends all attempts together when the time for all is over', async () => {
    const { server, databases } = await start(() => undefined, {
      timeoutMs: 30,
      attemptTimeoutMs: 60_000,
      maxAttempts: 9,
    });
    expect(errorCodeOf(await failureOf(databases.fetchClusters()))).toBe('SERVICE_UNREACHABLE');
    expect(server.requests).toHaveLength(1);
  });

  test('that is the caller’s end is told as that, and counts for nothing', async () => {
    const { server, databases } = await start(() => undefined);
    const why = new ProxywatchError('CANCELLED', 'over');
    for (const [reason, told] of [
      [why, why],
      [undefined, expect.objectContaining({ code: 'CANCELLED', service: 'dbconfig' })],
    ]) {
      for (let i = 0; i < 4; i++) {
        const before = server.requests.length;
        const caller = new AbortController();
        const failure = failureOf(databases.fetchClusters(caller.signal));
        await until('it was asked', () => server.requests.length > before);
        caller.abort(reason);
        expect(await failure).toEqual(told);
      }
    }
    server.answer = clusters;
    expect((await databases.fetchClusters()).value).toHaveLength(1);
  });

  test('that comes again and again has the service left alone for a while', async () => {
    let nowMs = 0;
    const { server, databases } = await start(broken, { maxAttempts: 1, nowMs: () => nowMs, random: () => 0.5 });
    for (let i = 0; i < 5; i++) await failureOf(databases.fetchClusters());
    server.answer = clusters;
    expect(messageOf(await failureOf(databases.fetchClusters()))).toContain('left alone');
    expect(server.requests).toHaveLength(5);
    nowMs = 60_000;
    expect((await databases.fetchClusters()).value).toHaveLength(1);
  });
});

describe('an answer is refused', () => {
  const refused = async (answer: ScriptedHttp['answer'], options: Options = {}) => {
    const { databases } = await start(answer, options);
    const error = await failureOf(databases.fetchInstances('shop-main'));
    expect(errorCodeOf(error)).toBe('SERVICE_REFUSED');
    return messageOf(error);
  };

  test.each<[string, unknown]>([
    ['is no object', []],
    ['has no items', {}],
    ['has a host with what ends a text', { items: [{ ...instance, host: "db'; DROP" }] }],
    ['has an id that is a path', { items: [{ ...instance, id: '../x' }] }],
    ['has a port that is none', { items: [{ ...instance, port: 65_536 }] }],
    ['has a weight that is no integer', { items: [{ ...instance, weight: 1.5 }] }],
    ['has a role that there is not', { items: [{ ...instance, role: 'arbiter' }] }],
    ['has one id twice', { items: [instance, { ...instance, host: 'db-2' }] }],
    ['has one server twice in a role', { items: [instance, { ...instance, id: 'db-2' }] }],
    [
      'has more items than may be',
      { items: Array.from({ length: 1_001 }, (_, i) => ({ ...instance, id: `i-${i}`, port: i + 1 })) },
    ],
  ])('when it %s', async (_, body) => {
    expect(await refused(json(body))).toContain('dbconfig answers clusters/shop-main/instances wrongly');
  });

  test('when it is too long, before it is read to its end', async () => {
    const endless: ScriptedHttp['answer'] = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write('[[[[[[[[[['.repeat(1_000)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect(await refused(endless, { maxAnswerBytes: 100_000 })).toContain('more than 100000 bytes');
  });

  test('when it is no JSON, and nothing of it is repeated', async () => {
    const html: ScriptedHttp['answer'] = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>secret');
    expect(await refused(html)).toBe('dbconfig: it answers something else than JSON');
    const half: ScriptedHttp['answer'] = (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"secret');
    expect(await refused(half)).not.toContain('secret');
  });

  test('but one server may be a writer and a reader', async () => {
    const { databases } = await start(json({ items: [instance, { ...instance, id: 'db-2', role: 'reader' }] }));
    expect((await databases.fetchInstances('shop-main')).value).toHaveLength(2);
  });
});

test.each(['ftp://x', 'x', 'http://user:secret@x', 'http://x/?token=secret'])('the URL %s is refused', (url) => {
  const create = () => createHttpDatabaseConfig({ url, redis: absentRedis() });
  expect(create).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('DBCONFIG_URL') }),
  );
  expect(create).not.toThrow(/secret/);
});
