// The scanner of a local run: the same dispatch and the same collecting as on AWS, with a clock instead of EventBridge, this
// process instead of Lambda, and a file instead of a queue. Prints a line for each tick.
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createFileDeadLetters } from '@proxywatch/core/drivers/dead-letters/file-dead-letters';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { parseCollectConfig } from '../../../functions/scanner/collect/config.ts';
import { openCollect } from '../../../functions/scanner/collect/deps.ts';
import { createDispatcher } from '../../../functions/scanner/dispatch/deps.ts';
import { SYSTEM_DISPATCH_CLOCK } from '../../../functions/scanner/dispatch/dispatch-clock.ts';
import { parseSchedulerConfig } from './config.ts';
import { createLocalInvoker } from './local-invoker.ts';
import { runSchedule } from './scheduler.ts';

/** Whoever stops us kills what is left after ten seconds. */
const STOP_LIMIT_MS = 8_000;

const config = exitOnConfigError(() => parseSchedulerConfig(process.env));
const collectConfig = exitOnConfigError(() => parseCollectConfig(process.env));
const log = createJsonLog((line) => process.stderr.write(line));
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
stopping.signal.addEventListener('abort', () => setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref());

const collect = openCollect(collectConfig, log);
const invoker = createLocalInvoker({ collect, log });
const { SCAN_TICK_MS: tickLengthMs, SCAN_DEAD_LETTERS_FILE: deadLettersFile } = config;
const deadLetters = createFileDeadLetters(deadLettersFile);
const dispatcher = createDispatcher(config, { invoker, deadLetters }, log);
try {
  console.log(JSON.stringify({ ready: true, tickMs: tickLengthMs, deadLetters: deadLettersFile }));
  const schedule = { dispatcher, tickLengthMs, clock: SYSTEM_DISPATCH_CLOCK, log };
  await runSchedule(schedule, stopping.signal);
  await invoker.stop();
} catch (error) {
  log.error('the scheduler failed', { message: messageOf(error) });
  process.exitCode = 1;
} finally {
  await Promise.all([collect.close(), dispatcher.close()]);
}
