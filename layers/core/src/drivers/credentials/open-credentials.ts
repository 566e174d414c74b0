import { configError } from '../../config/config-error.ts';
import type { CredentialSettings } from '../../config/credential-settings.ts';
import type { CredentialSource } from '../../ports/credential-source.ts';
import type { Log } from '../../ports/log.ts';
import type { SecretSource } from '../../ports/secret-source.ts';
import { createFileCredentials } from './file-credentials.ts';
import { createSecretCredentials } from './secret-credentials.ts';

/** The credentials of proxies from where the settings say. What is wrong with them later, the log tells. */
export function openCredentials(settings: CredentialSettings, secrets: SecretSource, log: Log): CredentialSource {
  const { PROXY_CREDENTIALS_FILE: path, PROXY_CREDENTIALS_SECRETS: arns } = settings;
  if (arns !== undefined) {
    const onProblem = (problem: string) => log.warn('a secret with credentials has a problem', { problem });
    return createSecretCredentials({ arns, secrets, onProblem });
  }
  if (path === undefined) throw configError('the environment', ['PROXY_CREDENTIALS_FILE: not set']);
  return createFileCredentials({
    path,
    onProblem: (problem) => log.warn('credentials file has a problem', { problem }),
  });
}
