import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createHttpDatabaseConfig } from '@proxywatch/core/drivers/dbconfig/http-database-config';
import { z } from 'zod';
import { createCatalogue } from '../../../infra/local/dbconfig/catalogue.ts';
import { labClusters } from '../../../infra/local/dbconfig/lab-clusters.ts';
import { type DbconfigServer, startDbconfigServer } from '../../../infra/local/dbconfig/server.ts';
import { absentRedis } from '../../support/absent-redis.ts';
import { failureOf } from '../../support/redis-servers.ts';
import { json, type ScriptedHttp, startScriptedHttp } from '../../support/scripted-http.ts';

type Json = { readonly [key: string]: unknown };
type Schema = { readonly properties: Readonly<Record<string, Json>>; readonly required: readonly string[] } & Json;

const file = new URL('../../../docs/dbconfig.openapi.json', import.meta.url);
const contract = JSON.parse(readFileSync(file, 'utf8'));
const schemas: Readonly<Record<string, Schema>> = contract.components.schemas;

/** The schema with all that it refers to in it. */
function whole(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(whole);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...rest } = schema as Json;
  const named = typeof $ref === 'string' ? schemas[$ref.split('/').at(-1) ?? ''] : {};
  return Object.fromEntries(Object.entries({ ...named, ...rest }).map(([key, value]) => [key, whole(value)]));
}

/** What of an answer is not as the contract says. */
function problemsOf(path: string, status: number, body: unknown): unknown {
  const answer = contract.paths[path]?.get.responses[status];
  if (answer === undefined) return `${status} is no documented answer of ${path}`;
  const schema = whole(answer.content['application/json'].schema) as Parameters<typeof z.fromJSONSchema>[0];
  return z.fromJSONSchema(schema).safeParse(body).error?.issues;
}

describe('the reference server answers as the contract says', () => {
  let server: DbconfigServer;
  beforeAll(async () => {
    const catalogue = createCatalogue(labClusters('127.0.0.1', 13_306), Date.now);
    catalogue.removeInstance('archive', 'archive-1');
    server = await startDbconfigServer({ catalogue, host: '127.0.0.1', port: 0, log: () => undefined });
  });
  afterAll(() => server.close());

  test.each([
    ['/clusters', '/clusters', 200],
    ['/clusters/{id}', '/clusters/archive', 200],
    ['/clusters/{id}', '/clusters/gone', 404],
    ['/clusters/{id}/instances', '/clusters/shop-main/instances', 200],
    ['/clusters/{id}/instances', '/clusters/gone/instances', 404],
    ['/changes', '/changes', 200],
    ['/changes', '/changes?since=gone', 410],
  ])('%s at %s with %i', async (path, url, status) => {
    const response = await fetch(server.url + url);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(problemsOf(path, status, await response.json())).toBeUndefined();
    if (status !== 200) return;
    const etag = response.headers.get('etag') ?? '';
    expect((await fetch(server.url + url, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await fetch(server.url + url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test('and the proof can fail', () => {
    expect(problemsOf('/clusters', 200, { items: [{ id: '../x' }] })).not.toBeUndefined();
    expect(problemsOf('/clusters', 404, {})).toContain('no documented answer');
  });
});

describe('the driver takes what the contract allows, and nothing else', () => {
  const cluster = {
    id: 'a',
    name: 'A',
    engine: 'mysql',
    description: '',
    region: '',
    updatedAt: '2026-01-31T12:00:00Z',
  };
  const instance = {
    id: 'i',
    host: 'db-1',
    port: 3306,
    role: 'writer',
    weight: 1,
    zone: '',
    maxConnections: 1,
    maxReplicationLag: 0,
    useSsl: false,
    status: 'online',
  };
  const change = {
    at: '2026-01-31T12:00:00Z',
    cluster: 'a',
    kind: 'instance-added',
    instance: 'i',
    message: 'i was added',
  };
  let service: ScriptedHttp;
  beforeAll(async () => {
    service = await startScriptedHttp(json({}));
  });
  afterAll(() => service.close());

  async function isTaken(name: string, item: Json): Promise<boolean> {
    const databases = createHttpDatabaseConfig({ url: service.url, redis: absentRedis() });
    service.answer = json(name === 'Cluster' ? item : { items: [item], cursor: 'c' });
    const asked = {
      Cluster: () => databases.fetchCluster('a'),
      Instance: () => databases.fetchInstances('a'),
      Change: () => databases.fetchChanges(undefined),
    }[name];
    const error = await failureOf(asked!());
    if (error !== undefined) expect(errorCodeOf(error)).toBe('SERVICE_REFUSED');
    return error === undefined;
  }

  test.each<[string, Json]>([
    ['Cluster', cluster],
    ['Instance', instance],
    ['Change', change],
  ])('of a %s: all of its fields, and the bounds of each', async (name, example) => {
    const { properties, required } = schemas[name]!;
    expect(Object.keys(example).toSorted()).toEqual(Object.keys(properties).toSorted());
    expect(await isTaken(name, { ...example, more: 'of a newer service' })).toBe(true);
    for (const [field, given] of Object.entries(properties)) {
      const { [field]: _, ...without } = example;
      expect([field, await isTaken(name, without)]).toEqual([field, !required.includes(field)]);
      for (const wrong of wrongValues(whole(given) as Json)) {
        expect([field, wrong, await isTaken(name, { ...example, [field]: wrong })]).toEqual([field, wrong, false]);
      }
      for (const extreme of extremesOf(whole(given) as Json)) {
        expect([field, extreme, await isTaken(name, { ...example, [field]: extreme })]).toEqual([field, extreme, true]);
      }
    }
  });
});

function wrongValues({ type, minimum, maximum, maxLength, enum: values, format }: Json): readonly unknown[] {
  return [
    null,
    { type: 'object' },
    ...(type === 'string' ? [5, '\u0000'] : ['x']),
    ...(values || format ? ['other'] : []),
    ...(typeof minimum === 'number' ? [minimum - 1, 1.5] : []),
    ...(typeof maximum === 'number' ? [maximum + 1] : []),
    ...(typeof maxLength === 'number' ? ['x'.repeat(maxLength + 1)] : []),
  ];
}

function extremesOf({ minimum, maximum, maxLength, enum: values, format }: Json): readonly unknown[] {
  return [
    ...(Array.isArray(values) ? values : []),
    ...(typeof minimum === 'number' ? [minimum] : []),
    ...(typeof maximum === 'number' ? [maximum] : []),
    ...(typeof maxLength === 'number' && !format ? ['x'.repeat(maxLength)] : []),
  ];
}
