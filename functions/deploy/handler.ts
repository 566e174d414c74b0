import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { answerRequest, type LambdaContext } from './answer-request.ts';
import { deploy } from './deploy.ts';

/** A migration may rebuild a table: its statements get far longer than those of everyday work. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** For the custom resource that all code of a stage waits for: see `deploy`. */
export function handler(event: unknown, context: LambdaContext): Promise<void> {
  const log = createJsonLog((line) => process.stdout.write(line));
  const secrets = createAwsSecrets();
  const deps = {
    env: process.env,
    secrets,
    openDcdb: (config: Parameters<typeof openDcdb>[0]) =>
      openDcdb(config, secrets, { maxConnections: 1, queryTimeoutMs: STATEMENT_TIMEOUT_MS }),
    log,
  };
  return answerRequest({ work: (signal) => deploy(deps, signal), log }, event, context);
}
