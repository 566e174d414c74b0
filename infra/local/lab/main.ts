import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { messageOf } from '@proxywatch/core/domain/errors';
import { parseLabConfig } from './config.ts';
import { startLabProxy } from './lab-proxy.ts';

// One lab proxy as a process: `{"ready":true,…}` on stdout when both ports listen, everything else on stderr.
const STOP_TIMEOUT_MS = 5_000;
const START_FAILED_EXIT_CODE = 1;

const config = exitOnConfigError(() => parseLabConfig(process.env));
const name = `lab-${config.LAB_ID}`;
const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${name} ${line}\n`);

async function main(): Promise<void> {
  const proxy = await startLabProxy({
    host: config.LAB_HOST,
    adminPort: config.LAB_ADMIN_PORT,
    trafficPort: config.LAB_TRAFFIC_PORT,
    dataDir: config.LAB_DATA_DIR,
    peers: config.LAB_PEERS ?? [],
    backends: config.LAB_BACKENDS,
    variables: config.LAB_VARIABLES,
    onExit: (command) => (command === 'kill' ? process.exit(0) : leave('PROXYSQL SHUTDOWN')),
    log,
  });

  function leave(reason: string): void {
    log(`stops: ${reason}`);
    // What does not end in time ends with the process.
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref();
    void proxy.stop().then(() => process.exit(0));
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => leave(signal));
  if (config.LAB_PARENT_PIPE) {
    // The parent holds the other end and writes nothing: the end of input is the end of the parent.
    process.stdin.once('end', () => leave('the parent is gone')).once('error', () => leave('the parent is gone'));
    process.stdin.resume();
  }
  const { adminPort, trafficPort } = proxy;
  process.stdout.write(`${JSON.stringify({ ready: true, adminPort, trafficPort })}\n`);
}

main().catch((error: unknown) => {
  log(`cannot start: ${messageOf(error)}`);
  process.exit(START_FAILED_EXIT_CODE);
});
