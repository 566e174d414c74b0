import { afterEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createCatalogue } from '../../../../../infra/local/dbconfig/catalogue.ts';
import { createChangeLog } from '../../../../../infra/local/dbconfig/change-log.ts';
import { parseDbconfigServerConfig } from '../../../../../infra/local/dbconfig/config.ts';
import { labClusters } from '../../../../../infra/local/dbconfig/lab-clusters.ts';
import { type DbconfigServer, startDbconfigServer } from '../../../../../infra/local/dbconfig/server.ts';
import { failureOf } from '../../../../support/redis-servers.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const servers: DbconfigServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(port = 0) {
  const catalogue = createCatalogue(labClusters('127.0.0.1', 13_306), () => NOW);
  const server = await startDbconfigServer({ catalogue, host: '127.0.0.1', port, log: () => undefined });
  servers.push(server);
  async function ask(line: string, body?: unknown): Promise<[number, unknown]> {
    const [method = '', path = ''] = line.split(' ');
    const given = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(server.url + path, { method, ...given });
    const text = await response.text();
    return [response.status, text === '' ? undefined : JSON.parse(text)];
  }
  const statusOf = async (line: string, body?: unknown) => (await ask(line, body))[0];
  return { ask, statusOf, catalogue, server };
}

describe('the reference server', () => {
  test('knows three clusters on the server of the lab, one of them without a reader', async () => {
    const { ask, catalogue } = await start();
    const [, { items }] = (await ask('GET /clusters')) as [number, { items: { id: string; updatedAt: string }[] }];
    expect(items.map(({ id }) => id)).toEqual(['shop-main', 'reporting-main', 'archive']);
    expect(items[0]?.updatedAt).toBe('2026-01-31T12:00:00.000Z');
    for (const { id } of items) {
      const instances = catalogue.instances(id) ?? [];
      expect(instances.map(({ role }) => role)).toEqual(id === 'archive' ? ['writer'] : ['writer', 'reader']);
      for (const { host, port } of instances) expect([host, port]).toEqual(['127.0.0.1', 13_306]);
    }
  });

  test('has an instance changed, taken away and added again, and tells the changes', async () => {
    const { ask } = await start();
    const changesSince = async (cursor: string) =>
      (await ask(`GET /changes?since=${cursor}`))[1] as { items: { message: string }[]; cursor: string };
    const first = (await ask('GET /changes'))[1] as { cursor: string };
    const path = '/admin/clusters/shop-main/instances/shop-main-2';
    expect(await ask(`PATCH ${path}`, { status: 'offline', weight: 5 })).toEqual([
      200,
      expect.objectContaining({ id: 'shop-main-2', status: 'offline', weight: 5, port: 13_306 }),
    ]);
    const { id: _, ...fields } = (await ask(`PATCH ${path}`, {}))[1] as { id: string };
    expect(await ask(`DELETE ${path}`)).toEqual([204, undefined]);
    expect(await ask('GET /clusters/shop-main/instances')).toEqual([200, { items: [expect.anything()] }]);
    expect((await ask(`PUT ${path}`, fields))[0]).toBe(200);
    const { items, cursor } = await changesSince(first.cursor);
    expect(items.map(({ message }) => message)).toEqual([
      'shop-main-2: weight from 1 to 5, status from online to offline',
      'shop-main-2 is as it was',
      'shop-main-2 was removed',
      'shop-main-2 was added',
    ]);
    expect(await changesSince(cursor)).toEqual({ items: [], cursor });
  });

  test('has clusters added and taken away', async () => {
    const { ask, statusOf } = await start();
    const cluster = { name: 'New', engine: 'mysql', instances: [] };
    expect(await ask('PUT /admin/clusters/new', cluster)).toEqual([200, expect.objectContaining({ id: 'new' })]);
    expect(await statusOf('GET /clusters/new')).toBe(200);
    expect(await statusOf('DELETE /admin/clusters/new')).toBe(204);
    expect(await statusOf('DELETE /admin/clusters/new')).toBe(404);
    expect(await statusOf('GET /clusters/new')).toBe(404);
  });

  test('plays one that is down, and can be woken', async () => {
    const { statusOf } = await start();
    expect(await statusOf('PUT /admin/availability', { available: false })).toBe(200);
    expect(await statusOf('GET /clusters')).toBe(503);
    expect(await statusOf('PUT /admin/availability', { available: true })).toBe(200);
    expect(await statusOf('GET /clusters')).toBe(200);
  });

  test.each<[line: string, status: number, ...body: unknown[]]>([
    ['GET /', 404],
    ['GET /clusters/', 404],
    ['GET /clusters/shop-main/x', 404],
    ['GET /clusters/shop-main/instances/x', 404],
    ['POST /clusters', 405, {}],
    ['GET /changes?since=x', 410],
    ['GET /admin', 404],
    ['POST /admin/availability', 404, {}],
    ['PUT /admin/availability', 400, '{'],
    ['PUT /admin/availability', 400, { available: 1 }],
    ['PATCH /admin/clusters/shop-main', 404, {}],
    ['PUT /admin/clusters/..', 404, {}],
    ['PUT /admin/clusters/x', 400, { name: 'x' }],
    ['PATCH /admin/clusters/shop-main/instances/gone', 404, {}],
    ['PUT /admin/clusters/gone/instances/x', 400, {}],
    ['PATCH /admin/clusters/shop-main/instances/shop-main-1', 400, { host: "x'" }],
    ['PATCH /admin/clusters/shop-main/instances/shop-main-1', 400, { colour: 'red' }],
    ['PATCH /admin/clusters/shop-main/instances/shop-main-1', 413, ' '.repeat(1_100_000)],
    ['POST /admin/clusters/shop-main/instances/shop-main-1', 404, {}],
  ])('answers %s with %i', async (line, status, ...body) => {
    const { statusOf } = await start();
    expect(await statusOf(line, ...body)).toBe(status);
  });

  test('answers a path that is encoded wrongly with 400', async () => {
    const { statusOf } = await start();
    expect(await statusOf('GET /clusters/%zz')).toBe(400);
  });

  test('names the variable when its port is taken', async () => {
    const { server } = await start();
    const error = await failureOf(start(Number(new URL(server.url).port)));
    expect(errorCodeOf(error)).toBe('PORT_TAKEN');
    expect(String(error)).toContain('DBCONFIG_PORT');
  });
});

describe('the log of changes', () => {
  const change = { at: '2026-01-31T12:00:00Z', cluster: 'a', kind: 'cluster-changed' } as const;

  test('comes in pieces, in order, none twice', () => {
    const log = createChangeLog('abc');
    for (let i = 0; i < 250; i++) log.add({ ...change, message: `${i}` });
    const read: string[] = [];
    let cursor: string | undefined;
    for (let more = true; more; ) {
      const piece = log.since(cursor)!;
      read.push(...piece.items.map(({ message }) => message));
      more = piece.items.length > 0;
      cursor = piece.cursor;
    }
    expect(read).toEqual(Array.from({ length: 250 }, (_, i) => `${i}`));
  });

  test('knows no cursor of another life, of the future, or behind which something is gone', () => {
    const log = createChangeLog('abc');
    const { cursor } = log.since(undefined)!;
    expect(log.since(cursor)).toEqual({ items: [], cursor });
    for (const other of ['abd-0', 'abc-1', 'abc--1', 'abc', '', 'abc-0 ']) expect(log.since(other)).toBeUndefined();
    for (let i = 0; i < 1_001; i++) log.add({ ...change, message: `${i}` });
    expect(log.since(cursor)).toBeUndefined();
    expect(log.since(undefined)?.items[0]?.message).toBe('1');
  });
});

test('its settings come from the environment', () => {
  const LAB_BACKEND_URL = 'mysql://root@127.0.0.1:13306/x';
  expect(parseDbconfigServerConfig({ LAB_BACKEND_URL })).toEqual({
    DBCONFIG_PORT: 8090,
    DBCONFIG_HOST: '127.0.0.1',
    LAB_BACKEND_URL,
  });
  expect(() => parseDbconfigServerConfig({ DBCONFIG_PORT: 'x' })).toThrow(/DBCONFIG_PORT.*\n.*LAB_BACKEND_URL/);
});
