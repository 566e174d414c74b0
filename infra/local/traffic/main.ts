import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { trafficConfig } from './config.ts';
import { startControlServer } from './control-server.ts';
import { startTarget } from './target/start-target.ts';
import { createWorkload } from './workload/create-workload.ts';

const STOP_TIMEOUT_MS = 5_000;

/** The traffic of the local run: prints one JSON line with `"ready":true` and its control port, then lines for people. */
async function main(): Promise<void> {
  const config = exitOnConfigError(() => parseEnvironment(trafficConfig, process.env));
  const log = (line: string) => console.log(`traffic: ${line}`);
  let paused = false;
  const targets = config.targets.map((address, i) =>
    startTarget({ address, workload: createWorkload(config.seed + i, config), rate: config.rate, log }),
  );
  const status = () => ({ paused, targets: targets.map((target) => target.status()) });
  const control = await startControlServer(config.controlPort, {
    async pause() {
      paused = true;
      await Promise.all(targets.map((target) => target.pause()));
    },
    resume() {
      paused = false;
      for (const target of targets) target.resume();
    },
    status,
  });

  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log(`stopping: ${reason}`);
    // What is still under way then is not worth waiting for.
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref();
    await Promise.all([control.close(), ...targets.map((target) => target.stop())]);
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  if (config.parentPipe) {
    process.stdin.once('close', () => void stop('whoever started it is gone'));
    process.stdin.resume();
  }
  const { rate, seed, targets: addresses } = config;
  console.log(JSON.stringify({ ready: true, controlPort: control.port, targets: addresses, rate, seed }));
}

try {
  await main();
} catch (error) {
  console.error(`traffic: ${messageOf(error)}`);
  process.exit(1);
}
