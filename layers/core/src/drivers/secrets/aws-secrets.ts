import type { SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { madeOnce } from '../../config/made-once.ts';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { SecretSource } from '../../ports/secret-source.ts';
import { withinTime } from '../lambda/within-time.ts';

export interface AwsSecretsOptions {
  /** Longest that one secret may take, all attempts included. @default 5000 */
  readonly timeoutMs?: number;
  /** What differs from the environment: region, endpoint, credentials. */
  readonly client?: Pick<SecretsManagerClientConfig, 'region' | 'endpoint' | 'credentials'>;
}

export interface AwsSecrets extends SecretSource {
  /** Ends the connections. */
  close(): Promise<void>;
}

const ATTEMPTS = 3;
/** Names of Secrets Manager's errors that time or another attempt may mend. */
const PASSING =
  /^(InternalService|Throttl|TooManyRequests|RequestLimit|ServiceUnavailable|ExpiredToken|RequestTimeout)/;

/** Secrets of AWS Secrets Manager. The client is loaded with the first of them: where none is named, nothing of it is. */
export function createAwsSecrets({ timeoutMs = 5_000, client: given }: AwsSecretsOptions = {}): AwsSecrets {
  let isLoaded = false;
  const load = madeOnce(async () => {
    const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const requestHandler = { connectionTimeout: timeoutMs };
    const client = new SecretsManagerClient({ ...given, maxAttempts: ATTEMPTS, requestHandler });
    isLoaded = true;
    return {
      fetch: (SecretId: string, abortSignal: AbortSignal) =>
        client.send(new GetSecretValueCommand({ SecretId }), { abortSignal }),
      close: () => client.destroy(),
    };
  });

  return {
    async fetchSecret(arn, signal) {
      const ask = async (abortSignal: AbortSignal) => (await load()).fetch(arn, abortSignal);
      let text: string | undefined;
      try {
        ({ SecretString: text } = await withinTime(ask, timeoutMs, signal, () =>
          unreachable(arn, `no answer within ${timeoutMs} ms`),
        ));
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof ProxywatchError ? error : secretError(arn, error);
      }
      if (text === undefined) throw refused(arn, 'it holds no text');
      return text;
    },
    async close() {
      if (isLoaded) (await load()).close();
    },
  };
}

/**
 * The client's error is no cause: it carries the answer. Nor is any message repeated but Secrets Manager's own: that of an
 * answer that could not be parsed quotes it.
 */
function secretError(arn: string, error: unknown): ProxywatchError {
  const { $fault, name, code } = partsOf(error);
  if ($fault === undefined) return unreachable(arn, String(code ?? name));
  const reason = `${name}: ${messageOf(error)}`;
  return $fault === 'server' || PASSING.test(String(name)) ? unreachable(arn, reason) : refused(arn, reason);
}

function partsOf(error: unknown): { readonly $fault?: unknown; readonly name?: unknown; readonly code?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

function unreachable(arn: string, reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `secret ${arn}: ${reason}`, { service: 'secretsmanager' });
}

function refused(arn: string, reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_REFUSED', `secret ${arn}: ${reason}`, { service: 'secretsmanager' });
}
