import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { handler as api } from '../../../functions/api/system/handler.ts';
import { handler as control } from '../../../functions/control/handler.ts';
import { handler as collect } from '../../../functions/scanner/collect/handler.ts';
import { handler as dispatch } from '../../../functions/scanner/dispatch/handler.ts';
import { answerOf, eventOf } from '../../support/api-harness.ts';
import { arnOf, type FakeSecretsManager, startFakeSecretsManager } from '../../support/fake-secrets-manager.ts';

const ARN = arnOf('redis');
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };
const NOTHING_TO_COLLECT = { version: 1, tickMs: 0, windowMs: 0, proxies: [] };

let manager: FakeSecretsManager;
let before: NodeJS.ProcessEnv;
beforeAll(async () => {
  manager = await startFakeSecretsManager();
});
afterAll(() => manager?.close());
beforeEach(() => {
  before = { ...process.env };
  manager.secrets.clear();
  manager.asked.length = 0;
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example-secret',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
    REDIS_URL: `secretsmanager:${ARN}`,
  });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, before);
});

async function reasonOf(invocation: Promise<unknown>): Promise<string> {
  const error = await invocation.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  return messageOf(error);
}

describe.each([
  ['dispatch', () => dispatch({}, CONTEXT)],
  ['collect', () => collect(NOTHING_TO_COLLECT, CONTEXT)],
  ['control', () => control({}, CONTEXT)],
])('an invocation of %s', (_, invoke) => {
  test('is rejected when a secret cannot be had, and asks for it again the next time', async () => {
    expect(await reasonOf(invoke())).toContain(`REDIS_URL: secret ${ARN}: ResourceNotFoundException`);
    expect(await reasonOf(invoke())).toContain(`REDIS_URL: secret ${ARN}: ResourceNotFoundException`);
    manager.secrets.set(ARN, 'hunter2');
    const reason = await reasonOf(invoke());
    expect(reason).toContain('REDIS_URL: is no URL');
    expect(reason).not.toContain('hunter2');
    expect(manager.asked).toEqual([ARN, ARN, ARN]);
  });
});

test('a request to the API is answered while a secret cannot be had, and the next one asks again', async () => {
  Object.assign(process.env, {
    DCDB_URL: 'mysql://127.0.0.1:1/d',
    DCDB_SECRET_ARN: arnOf('dcdb'),
    PROXY_CREDENTIALS_SECRETS: arnOf('stats'),
    API_AUTH: 'iam',
    SECRET_KMS_KEY_ID: 'alias/a',
    SECRET_KMS_MAC_KEY_ID: 'alias/b',
  });
  const event = eventOf('GET', new URL('http://api.test/healthz'), '/healthz', {}, { as: 'nobody' });
  manager.fault = { status: 400, type: 'ThrottlingException' };
  const away = answerOf(await api(event, CONTEXT));
  expect(away).toMatchObject({ status: 503, body: { detail: 'secretsmanager is unavailable' } });
  manager.fault = undefined;
  manager.secrets.set(ARN, 'redis://127.0.0.1:1');
  expect(answerOf(await api(event, CONTEXT))).toMatchObject({ status: 200, body: { status: 'ok' } });
});
