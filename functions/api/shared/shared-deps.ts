import { madeOnce } from '@proxywatch/core/config/made-once';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import type { ApiRuntime } from './api-runtime.ts';
import { parseApiConfig } from './config.ts';
import { createApiRuntime } from './create-api-runtime.ts';

const secrets = createAwsSecrets();

/**
 * The runtime of this process, from its environment: one for all handlers that live in it. Rejects with CONFIG_INVALID, or
 * with SERVICE_UNREACHABLE when a secret of the environment cannot be fetched now; the next call tries again.
 */
export const sharedApiDeps: () => Promise<ApiRuntime> = madeOnce(async () => {
  const config = parseApiConfig(await resolveEnvironment(process.env, secrets));
  const log = createJsonLog((line) => process.stdout.write(line));
  return createApiRuntime(config, log, { secrets });
});
