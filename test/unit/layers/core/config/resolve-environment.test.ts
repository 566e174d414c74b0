import { describe, expect, test } from '@jest/globals';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { arnOf } from '../../../../support/fake-secrets-manager.ts';
import { type MemorySecrets, memorySecrets } from '../../../../support/memory-secrets.ts';

const URL = arnOf('redis');
const JSON_ARN = arnOf('dbconfig');

function failureOf(env: Readonly<Record<string, string>>, secrets: MemorySecrets) {
  return resolveEnvironment(env, secrets).catch((error: unknown) => error);
}

describe('an environment with references to secrets', () => {
  test('has the secrets in their place, and all else as it was', async () => {
    const secrets = memorySecrets({ [URL]: 'rediss://:hunter2@h', [JSON_ARN]: '{"token":"t0","port":1}' });
    const env = {
      PLAIN: 'x',
      UNSET: undefined,
      REDIS_URL: `secretsmanager:${URL}`,
      DBCONFIG_TOKEN: `secretsmanager:${JSON_ARN}#token`,
      PORT: ` secretsmanager:${JSON_ARN}#port`,
    };
    expect(await resolveEnvironment(env, secrets)).toEqual({
      PLAIN: 'x',
      UNSET: undefined,
      REDIS_URL: 'rediss://:hunter2@h',
      DBCONFIG_TOKEN: 't0',
      PORT: '1',
    });
    expect(secrets.asked.toSorted()).toEqual([JSON_ARN, URL].toSorted());
  });

  test('asks for nothing when it has none', async () => {
    const secrets = memorySecrets({});
    await resolveEnvironment({ A: 'b', ARN: URL }, secrets);
    expect(secrets.asked).toEqual([]);
  });

  test('names all variables that cannot be resolved, and no value', async () => {
    const secrets = memorySecrets({ [URL]: 'hunter2 {', [JSON_ARN]: '{"token":{"hunter2":1}}' });
    const error = await failureOf(
      {
        A: `secretsmanager:${URL}#key`,
        B: `secretsmanager:${JSON_ARN}#token`,
        C: `secretsmanager:${JSON_ARN}#toString`,
        D: 'secretsmanager:hunter2',
        E: `secretsmanager:${JSON_ARN}#`,
        F: `secretsmanager:${arnOf('absent')}`,
      },
      secrets,
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const lines = messageOf(error).split('\n').slice(1);
    expect(lines.map((line) => line.trim().split(':')[0])).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
    expect(messageOf(error)).not.toContain('hunter2');
  });

  test('may be tried again when a secret could not be fetched now', async () => {
    const secrets = memorySecrets({});
    secrets.failure = new ProxywatchError('SERVICE_UNREACHABLE', 'secrets are away');
    const error = await failureOf({ A: `secretsmanager:${URL}`, B: 'secretsmanager:x' }, secrets);
    expect(error).toMatchObject({ code: 'SERVICE_UNREACHABLE', retryable: true });
    expect(messageOf(error)).toMatch(/^A: secrets are away; B: /);
  });

  test('is given up with the request', async () => {
    const given = AbortSignal.abort(new Error('given up'));
    const secrets = memorySecrets({ [URL]: 'x' });
    await expect(resolveEnvironment({ A: `secretsmanager:${URL}` }, secrets, given)).rejects.toThrow('given up');
  });
});
