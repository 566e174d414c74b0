import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { type AwsSecrets, createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import {
  arnOf,
  type FakeSecretsManager,
  startFakeSecretsManager,
} from '../../../../../support/fake-secrets-manager.ts';

const ARN = arnOf('proxywatch/stats');
let manager: FakeSecretsManager;
let secrets: AwsSecrets;

beforeEach(async () => {
  manager = await startFakeSecretsManager();
  manager.secrets.set(ARN, 'hunter2');
  secrets = createAwsSecrets({ client: manager.client });
});
afterEach(async () => {
  await secrets.close();
  await manager.close();
});

function failureOf(source: AwsSecrets): Promise<unknown> {
  return source.fetchSecret(ARN).catch((error: unknown) => error);
}

describe('a secret of Secrets Manager', () => {
  test('is what it holds at the moment', async () => {
    expect(await secrets.fetchSecret(ARN)).toBe('hunter2');
    manager.secrets.set(ARN, 'hunter3');
    expect(await secrets.fetchSecret(ARN)).toBe('hunter3');
  });

  test('is asked for again when the service fails in passing', async () => {
    manager.fault = { status: 500, type: 'InternalServiceError' };
    const outcome = secrets.fetchSecret(ARN);
    await expect(outcome).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', service: 'secretsmanager' });
    expect(manager.asked).toEqual([ARN, ARN, ARN]);
  });

  test.each(['AccessDeniedException', 'DecryptionFailure', 'InvalidRequestException'])(
    'is refused for good with %s',
    async (type) => {
      manager.fault = { status: 400, type };
      const error = await failureOf(secrets);
      expect(error).toMatchObject({ code: 'SERVICE_REFUSED' });
      expect(messageOf(error)).toBe(`secret ${ARN}: ${type}: no`);
      expect(manager.asked).toHaveLength(1);
    },
  );

  test('may be throttled, which passes', async () => {
    manager.fault = { status: 400, type: 'ThrottlingException' };
    await expect(secrets.fetchSecret(ARN)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  });

  test('must be there, and be text', async () => {
    const refused = { code: 'SERVICE_REFUSED', service: 'secretsmanager' };
    await expect(secrets.fetchSecret(arnOf('absent'))).rejects.toMatchObject(refused);
    manager.secrets.set(ARN, undefined);
    await expect(secrets.fetchSecret(ARN)).rejects.toThrow(`secret ${ARN}: it holds no text`);
  });

  test('is waited for only so long', async () => {
    manager.fault = 'hang';
    const hasty = createAwsSecrets({ client: manager.client, timeoutMs: 50 });
    await expect(hasty.fetchSecret(ARN)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    await hasty.close();
  });

  test('is given up with the request', async () => {
    await expect(secrets.fetchSecret(ARN, AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up');
  });

  test('stands in no error, not even of an answer that cannot be read', async () => {
    manager.fault = 'garbage';
    const error = await failureOf(secrets);
    expect(error).toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(inspect(error)).not.toContain('hunter2');
  });

  test('is unreachable when nobody listens', async () => {
    const lost = createAwsSecrets({ client: { ...manager.client, endpoint: 'http://127.0.0.1:1' } });
    await expect(lost.fetchSecret(ARN)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    await lost.close();
  });
});
