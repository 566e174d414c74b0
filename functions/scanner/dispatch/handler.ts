import { madeOnce } from '@proxywatch/core/config/made-once';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { createSqsDeadLetters } from '@proxywatch/core/drivers/dead-letters/sqs-dead-letters';
import { createLambdaInvoker } from '@proxywatch/core/drivers/lambda/lambda-invoker';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { parseLambdaDispatchConfig } from './config.ts';
import { createDispatcher } from './deps.ts';
import type { Dispatched } from './dispatch.ts';
import { tickOfEvent } from './tick-of-event.ts';

/** Of the time that Lambda gives us, for what comes after sending. */
const RESERVE_MS = 5_000;

interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

const secrets = createAwsSecrets();
const fetchRoot = madeOnce(createRoot);

/** One tick, for the schedule. Rejects when nothing could be sent at all: the next tick makes up for it. */
export async function handler(event: unknown, context: LambdaContext): Promise<Dispatched> {
  // Kept for the next invocation of this process; a wrong configuration rejects each of them.
  const { dispatcher, tickLengthMs } = await fetchRoot();
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS));
  return dispatcher.dispatch(tickOfEvent(event, Date.now(), tickLengthMs), signal);
}

async function createRoot() {
  const config = parseLambdaDispatchConfig(await resolveEnvironment(process.env, secrets));
  const log = createJsonLog((line) => process.stdout.write(line));
  const outlets = {
    invoker: createLambdaInvoker({
      functionName: config.SCAN_COLLECT_FUNCTION,
      maxConnections: config.SCAN_PARALLEL,
    }),
    deadLetters: createSqsDeadLetters({ queueUrl: config.SCAN_DEAD_LETTERS_URL }),
  };
  return { dispatcher: createDispatcher(config, outlets, log, secrets), tickLengthMs: config.SCAN_TICK_MS };
}
