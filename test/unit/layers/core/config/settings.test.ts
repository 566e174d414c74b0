import { describe, expect, test } from '@jest/globals';
import { credentialSettings, oneCredentialSource } from '@proxywatch/core/config/credential-settings';
import { dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { arnOf } from '../../../../support/fake-secrets-manager.ts';

const ARN = arnOf('stats');
const schemas = {
  credentials: z.object(credentialSettings).check(...oneCredentialSource),
  dcdb: z
    .object(dcdbSettings)
    .extend({ DCDB_URL: dcdbSettings.DCDB_URL.optional() })
    .check(...oneDcdbLogin),
};

function problemsOf(schema: z.ZodType, env: Readonly<Record<string, string>>): string {
  try {
    parseEnvironment(schema, env);
    return '';
  } catch (error) {
    return messageOf(error).split('\n').slice(1).join().trim();
  }
}

describe('credentials of proxies', () => {
  test('come from secrets, each once', () => {
    const parsed = parseEnvironment(schemas.credentials, { PROXY_CREDENTIALS_SECRETS: `${ARN}, ${arnOf('b')},${ARN}` });
    expect(parsed.PROXY_CREDENTIALS_SECRETS).toEqual([ARN, arnOf('b')]);
  });

  test.each([
    [{}, 'PROXY_CREDENTIALS_FILE: not set: set either this or PROXY_CREDENTIALS_SECRETS'],
    [
      { PROXY_CREDENTIALS_FILE: '/dev/null', PROXY_CREDENTIALS_SECRETS: ARN },
      'PROXY_CREDENTIALS_FILE: /dev/null not valid JSON',
    ],
    [
      { PROXY_CREDENTIALS_SECRETS: `${ARN},{"stats":"hunter2"}` },
      'PROXY_CREDENTIALS_SECRETS: has a part that is no ARN, expected arn:aws:secretsmanager:<region>:<account>:secret:<name>, several separated by commas',
    ],
  ])('from %j are refused', (env, problem) => {
    expect(problemsOf(schemas.credentials, env as unknown as Record<string, string>)).toBe(problem);
  });
});

describe('the login to the DCDB', () => {
  test.each([
    [{ DCDB_URL: 'mysql://u:p@h/d' }, ''],
    [{ DCDB_URL: 'mysql://h/d?tls=rds', DCDB_SECRET_ARN: ARN }, ''],
    [{}, ''],
    [{ DCDB_URL: 'mysql://h/d' }, 'DCDB_URL: has no user: name one, or set DCDB_SECRET_ARN'],
    [{ DCDB_URL: 'mysql://u:hunter2@h/d', DCDB_SECRET_ARN: ARN }, 'DCDB_URL: has a user, but DCDB_SECRET_ARN is set'],
    [{ DCDB_SECRET_ARN: ARN }, 'DCDB_URL: not set, but DCDB_SECRET_ARN is'],
    [
      { DCDB_URL: 'mysql://h/d', DCDB_SECRET_ARN: 'hunter2' },
      'DCDB_SECRET_ARN: is no ARN, expected arn:aws:secretsmanager:<region>:<account>:secret:<name>',
    ],
  ])('with %j: %s', (env, problem) => {
    expect(problemsOf(schemas.dcdb, env as unknown as Record<string, string>)).toBe(problem);
  });
});
