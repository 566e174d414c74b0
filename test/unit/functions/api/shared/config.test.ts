import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { parseApiConfig } from '../../../../../functions/api/shared/config.ts';
import { createApiRuntime } from '../../../../../functions/api/shared/create-api-runtime.ts';
import { arnOf } from '../../../../support/fake-secrets-manager.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

let env: Record<string, string>;
beforeEach(() => {
  const folder = temporaryFolder();
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  env = {
    DCDB_URL: 'mysql://user:hunter2@db.example/proxywatch',
    REDIS_URL: 'redis://redis.example',
    PROXY_CREDENTIALS_FILE: put('credentials.json', '{"stats":{"user":"u","password":"p"}}'),
    JWT_ISSUER: 'https://issuer.example',
    JWT_AUDIENCE: 'proxywatch',
    JWT_JWKS_URL: 'https://issuer.example/keys',
    SECRET_KEY_FILE: put('secret.key', randomBytes(32).toString('base64')),
  };
});
const problemsOf = (changes: Readonly<Record<string, string>>) => {
  try {
    parseApiConfig({ ...env, ...changes });
    return [];
  } catch (error) {
    return messageOf(error)
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(':')[0]);
  }
};

describe('the environment of the API', () => {
  test('is enough with an issuer, a key and the stores', () => {
    expect(parseApiConfig(env)).toMatchObject({
      API_AUTH: 'jwt',
      JWT_GROUPS_CLAIM: 'groups',
    });
  });

  test.each([
    [{ PROXY_CREDENTIALS_FILE: '' }, ['PROXY_CREDENTIALS_FILE']],
    [{ PROXY_CREDENTIALS_SECRETS: arnOf('stats') }, ['PROXY_CREDENTIALS_FILE']],
    [{ PROXY_CREDENTIALS_FILE: '', PROXY_CREDENTIALS_SECRETS: arnOf('stats') }, []],
    [{ DCDB_SECRET_ARN: arnOf('dcdb') }, ['DCDB_URL']],
    [{ DCDB_URL: 'mysql://db.example/proxywatch' }, ['DCDB_URL']],
    [{ JWT_ISSUER: '', JWT_AUDIENCE: '' }, ['JWT_ISSUER', 'JWT_AUDIENCE']],
    [{ JWT_JWKS_URL: '' }, ['JWT_JWKS_URL']],
    [{ JWT_JWKS_URL: 'ftp://x' }, ['JWT_JWKS_URL']],
    [{ SECRET_KEY_FILE: '' }, ['SECRET_KEY_FILE']],
    [{ SECRET_KMS_KEY_ID: 'alias/a', SECRET_KMS_MAC_KEY_ID: 'alias/b' }, ['SECRET_KEY_FILE']],
    [{ SECRET_KEY_FILE: '', SECRET_KMS_KEY_ID: 'alias/a' }, ['SECRET_KMS_MAC_KEY_ID']],
    [{ ALERT_RULES_FILE: '/rules.yml' }, ['SKYEYE_RELOAD_URL']],
    [
      { ALERT_RULES_FILE: '/rules.yml', SKYEYE_RELOAD_URL: 'http://x/-/reload', AMP_WORKSPACE_ID: 'ws' },
      ['ALERT_RULES_FILE'],
    ],
    [{ AWS_LAMBDA_FUNCTION_NAME: 'accounts' }, ['OPERATE_FUNCTION']],
    [{ BOOTSTRAP_ADMIN: 'ana' }, ['BOOTSTRAP_ADMIN']],
    [{ API_AUTH: 'none' }, ['API_AUTH']],
    [
      { DCDB_URL: 'x', REDIS_URL: 'x', PROXY_CREDENTIALS_FILE: '/missing', BOOTSTRAP_ADMIN: 'x' },
      ['DCDB_URL', 'REDIS_URL', 'PROXY_CREDENTIALS_FILE', 'BOOTSTRAP_ADMIN'],
    ],
  ])('with %j has problems that are named at once', (changes, names) => {
    expect(problemsOf(changes as unknown as Record<string, string>)).toEqual(names);
  });

  test('needs no issuer behind IAM', () => {
    expect(problemsOf({ API_AUTH: 'iam', JWT_ISSUER: '', JWT_AUDIENCE: '', JWT_JWKS_URL: '' })).toEqual([]);
  });

  test('names the first admin', () => {
    expect(parseApiConfig({ ...env, BOOTSTRAP_ADMIN: 'group:dba team' }).BOOTSTRAP_ADMIN).toEqual({
      subjectKind: 'group',
      subject: 'dba team',
    });
  });
});

describe('what the API works with', () => {
  test('is made without opening anything, and nobody is anybody without a token', async () => {
    const runtime = createApiRuntime(parseApiConfig(env), { info() {}, warn() {}, error() {} });
    expect([...runtime.deps.controls.keys()]).toEqual(['proxysql']);
    expect([...runtime.deps.drivers.keys()]).toEqual(['proxysql']);
    expect(runtime.deps.controls).toBe(runtime.deps.controls);
    expect(runtime.deps.hasBootstrapAdmin).toBe(false);
    await expect(runtime.deps.skyeye.fetchAlerts()).rejects.toMatchObject({ service: 'skyeye' });
    await expect(runtime.deps.databases.fetchClusters()).rejects.toMatchObject({ service: 'dbconfig' });
    await expect(
      runtime.authenticator.authenticate({ authorization: undefined, iamArn: undefined }),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const cursor = await runtime.cursors.encode('list', { sort: 'a', key: 1 });
    expect(await runtime.cursors.decode('list', cursor)).toEqual({ sort: 'a', key: 1 });
    const { secrets } = runtime.deps;
    expect(await secrets.open(await secrets.seal('text', 'context'), 'context')).toBe('text');
    await runtime.deps.db.destroy();
  });
});
