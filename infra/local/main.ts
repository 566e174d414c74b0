import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { messageOf } from '@proxywatch/core/domain/errors';
import { type LocalConfig, parseLocalConfig } from './config.ts';
import { printProgress } from './launcher/print-progress.ts';
import { openRunFolder } from './launcher/run-folder.ts';
import { envFileText, type Settings } from './launcher/settings.ts';
import { startSteps } from './launcher/steps.ts';
import { localSystem } from './local-system.ts';
import { printedAddresses } from './print-addresses.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Longest that the end may take, of a start too, before whatever is left is killed. */
const STOP_LIMIT_MS = 30_000;

const config = exitOnConfigError(() => parseLocalConfig(process.env));
process.exitCode = await run(config, stopSignal()).catch((error: unknown) => {
  console.error(`proxywatch: ${messageOf(error)}`);
  return 1;
});

/** The whole life of a local run. Resolves to the exit code. */
async function run(config: LocalConfig, signal: AbortSignal): Promise<number> {
  const folder = await openRunFolder(resolve(ROOT, config.LOCAL_DIR));
  const settings: Settings = new Map();
  try {
    const system = await startSteps(
      localSystem(ROOT, config),
      { folder, settings, signal },
      printProgress(process.stdout),
    );
    folder.put('env', envFileText(settings));
    console.log(printedAddresses(settings, folder));
    const reason = await Promise.race([system.ended, aborted(signal)]);
    folder.remove('env');
    console.log(reason === undefined ? '\nstopping' : `\n${reason}: stopping`);
    limitTheEnd();
    await system.stop();
    return reason === undefined ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log('stopped before everything was up');
    return 0;
  } finally {
    await folder.close();
  }
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  // The first one counts: npm and a terminal may each send the same signal again.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  controller.signal.addEventListener('abort', limitTheEnd, { once: true });
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((settle) => {
    if (signal.aborted) settle(undefined);
    signal.addEventListener('abort', () => settle(undefined), { once: true });
  });
}

/** The watchdog sees our end and kills what is left. */
function limitTheEnd(): void {
  const giveUp = () => {
    console.error(`not everything stopped within ${STOP_LIMIT_MS / 1_000} s: killing what is left`);
    process.exit(1);
  };
  setTimeout(giveUp, STOP_LIMIT_MS).unref();
}
