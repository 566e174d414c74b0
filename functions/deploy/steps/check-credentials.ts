import { credentialsFile } from '@proxywatch/core/config/credentials-file';
import { checkJson } from '@proxywatch/core/config/parse-json';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';

/** In the order of PROXY_CREDENTIALS_SECRETS. */
const SETTINGS = ['data.proxyCredentials.statsSecretArn', 'data.proxyCredentials.adminSecretArn'];
const MOST_PROBLEMS = 3;

/**
 * Secrets with credentials of proxies can be read and have the form that everybody expects; one without any credential is
 * fine, for they come with the proxies. Throws one CONFIG_INVALID that names each setting, and no secret.
 */
export async function checkCredentials(
  secrets: SecretSource,
  arns: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const problems = await Promise.all(
    arns.map(async (arn, i) => {
      const problem = await problemOf(secrets, arn, signal);
      return problem === undefined ? [] : [`${SETTINGS[i] ?? 'data.proxyCredentials'}: ${problem}`];
    }),
  );
  if (problems.flat().length > 0) throw new ProxywatchError('CONFIG_INVALID', problems.flat().join('; '));
}

async function problemOf(secrets: SecretSource, arn: string, signal: AbortSignal): Promise<string | undefined> {
  let text: string;
  try {
    text = await secrets.fetchSecret(arn, signal);
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
  const checked = checkJson(credentialsFile, text);
  if ('value' in checked) return undefined;
  const { problems } = checked;
  const more = problems.length > MOST_PROBLEMS ? ` and ${problems.length - MOST_PROBLEMS} more` : '';
  return `expected {"<reference>":{"user":"…","password":"…"}}: ${problems.slice(0, MOST_PROBLEMS).join(', ')}${more}`;
}
