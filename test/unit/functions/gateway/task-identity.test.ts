import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { withTaskIdentity } from '../../../../functions/gateway/task-identity.ts';
import { json, type ScriptedHttp, startScriptedHttp } from '../../../support/scripted-http.ts';

/** As of Fargate, platform version 1.4.0, shortened. */
const TASK = {
  Cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/proxywatch-dev',
  TaskARN: 'arn:aws:ecs:eu-central-1:123456789012:task/proxywatch-dev/2cd4a1b7e9f04f0d8a3b5c6d7e8f9a0b',
  Family: 'proxywatch-dev-gateway',
  Revision: '7',
  DesiredStatus: 'RUNNING',
  Containers: [
    {
      Name: 'gateway',
      Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.42.3.17'], SubnetGatewayIpv4Address: '10.42.3.1/24' }],
    },
  ],
  LaunchType: 'FARGATE',
};
const IDENTITY = {
  GATEWAY_ID: '2cd4a1b7e9f04f0d8a3b5c6d7e8f9a0b',
  GATEWAY_ADVERTISE: '10.42.3.17:9464',
  GATEWAY_RELEASE: 'proxywatch-dev-gateway:7',
};

let metadata: ScriptedHttp;
let env: Record<string, string>;
beforeEach(async () => {
  metadata = await startScriptedHttp(json(TASK));
  env = { ECS_CONTAINER_METADATA_URI_V4: `${metadata.url}/v4/abc`, REDIS_URL: 'redis://r' };
});
afterEach(() => metadata.close());

const problemOf = (timeoutMs: number) =>
  withTaskIdentity(env, { timeoutMs, pauseMs: 1 }).then(
    () => 'none',
    (error: unknown) => `${errorCodeOf(error)}: ${messageOf(error)}`,
  );

describe('a gateway in an ECS task', () => {
  test('learns who it is, where it is reached and what it runs, and keeps the rest of its environment', async () => {
    expect(await withTaskIdentity(env)).toEqual({ ...env, ...IDENTITY });
    expect(metadata.requests.map(({ line }) => line)).toEqual(['GET /v4/abc/task']);
  });

  test('advertises the port that it listens on', async () => {
    env.GATEWAY_PORT = '9500';
    expect(await withTaskIdentity(env)).toMatchObject({ GATEWAY_ADVERTISE: '10.42.3.17:9500' });
  });

  test('goes by what is set, each by itself; what is set to nothing is not set', async () => {
    env.GATEWAY_ID = 'mine';
    env.GATEWAY_RELEASE = '';
    expect(await withTaskIdentity(env)).toMatchObject({ ...IDENTITY, GATEWAY_ID: 'mine' });
    Object.assign(env, { GATEWAY_ADVERTISE: 'here:1', GATEWAY_RELEASE: '2026-11' });
    expect(await withTaskIdentity(env)).toBe(env);
    expect(metadata.requests).toHaveLength(1);
  });

  test('asks again while its network is not known yet, or the endpoint fails', async () => {
    const answers = [json({ ...TASK, Containers: [{ Name: 'gateway' }] }), json({}, 500), json(TASK)];
    metadata.answer = (request, response) => (answers.shift() ?? json(TASK))(request, response);
    expect(await withTaskIdentity(env, { pauseMs: 1 })).toMatchObject(IDENTITY);
    expect(metadata.requests).toHaveLength(3);
  });

  test.each([
    [
      'no address',
      { ...TASK, Containers: [] },
      /no Containers\[\]\.Networks\[\]\.IPv4Addresses for GATEWAY_ADVERTISE$/,
    ],
    ['no definition', { ...TASK, Revision: undefined }, /no Family and Revision for GATEWAY_RELEASE$/],
    ['nothing', {}, /no TaskARN for GATEWAY_ID, no Containers.*, no Family and Revision/],
    ['something else', { TaskARN: 7 }, /\/TaskARN: expected string, got number$/],
    [
      'an address that is none',
      { ...TASK, Containers: [{ Networks: [{ IPv4Addresses: ['x'] }] }] },
      /IPv4Addresses\/0/,
    ],
  ])('says what was missing when it is told %s', async (_, told, problem) => {
    metadata.answer = json(told);
    const said = await problemOf(500);
    expect(said).toMatch(/^SERVICE_UNREACHABLE: .*\(ECS_CONTAINER_METADATA_URI_V4\).* within 500 ms: /);
    expect(said).toMatch(problem);
  });

  test('says so when the endpoint answers with an error, with no JSON, or not at all', async () => {
    metadata.answer = json({}, 404);
    expect(await problemOf(400)).toMatch(/: answered 404$/);
    metadata.answer = (_, response) => void response.end('<html>');
    expect(await problemOf(400)).toMatch(/: not valid JSON/);
    metadata.answer = () => undefined;
    expect(await problemOf(400)).toMatch(/within 400 ms: no answer/);
    await metadata.close();
    expect(await problemOf(400)).toMatch(/within 400 ms: fetch failed/);
  });
});

test('elsewhere nobody is asked', async () => {
  const elsewhere = { REDIS_URL: 'redis://r' };
  expect(await withTaskIdentity(elsewhere)).toBe(elsewhere);
});
