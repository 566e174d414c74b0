import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, jest } from '@jest/globals';
import { pickFreePorts } from '../../infra/local/services/ports.ts';
import { isGone } from './processes.ts';
import { type Lifetime, temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../infra/local/main.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 40_000;
// A test of a whole run waits for many things, each for up to a minute: its own limits tell what was late.
jest.setTimeout(600_000);

const launched: Readonly<Record<Lifetime, ChildProcess[]>> = { test: [], file: [] };

afterEach(() => endAll(launched.test));
afterAll(() => endAll(launched.file));

async function endAll(children: ChildProcess[]): Promise<void> {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await until('the launcher is gone', () => isGone(child.pid!));
  }
}

export type LocalRun = Awaited<ReturnType<typeof startLocalRun>>;

/** `npm start` without npm, on free ports and in folders of its own; ends after the test, or after all tests of the file. */
export async function startLocalRun(env: NodeJS.ProcessEnv = {}, lifetime: Lifetime = 'test') {
  const folder = temporaryFolder(lifetime);
  const [local, temporary] = [join(folder, 'local'), join(folder, 'tmp')];
  mkdirSync(temporary, { mode: 0o777 });
  const gatewayPort = await pickFreePorts([0, 1]);
  const apiPort = await pickFreePorts([0, 1]);
  const labPort = await pickFreePorts([0, 1, 10, 11, 20, 21]);
  const settings = {
    LOCAL_DIR: local,
    TMPDIR: temporary,
    REDIS_PORT: '0',
    MARIADB_PORT: '0',
    PROMETHEUS_PORT: '0',
    GATEWAY_PORT: `${gatewayPort}`,
    LAB_PORT: `${labPort}`,
    API_PORT: `${apiPort}`,
    DBCONFIG_PORT: `${apiPort + 1}`,
    ...env,
  };
  const child = launch(settings, lifetime);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const run = {
    child,
    settings,
    exited,
    output: () => output,
    file: (name: string) => join(local, name),
    env: () => parseEnv(readFileSync(join(local, 'env'), 'utf8')),
    pidOf: (name: string) => Number(readFileSync(join(local, 'run', `${name}.pid`), 'utf8')),
    /** Whether a part that had this pid has died and was started again. */
    isRestarted(name: string, before: number) {
      const file = join(local, 'run', `${name}.pid`);
      return existsSync(file) && run.pidOf(name) !== before;
    },
    /** Everything that has a pid file, the launcher included. */
    pids: () => readdirSync(join(local, 'run')).map((file) => run.pidOf(file.replace('.pid', ''))),
    async ready() {
      await until(
        'the system is up or has given up',
        () => existsSync(join(local, 'env')) || child.exitCode !== null,
        START_TIMEOUT_MS,
      );
      if (child.exitCode !== null) throw new Error(`the run ended:\n${output}`);
      return run;
    },
    /** Waits until no process, no data and no secret of the run is left. */
    async gone(pids: readonly number[]) {
      await until('all processes are gone', () => pids.every(isGone), STOP_TIMEOUT_MS);
      const left = () => [
        ...readdirSync(temporary),
        ...readdirSync(join(local, 'run')),
        ...['env', 'credentials.json', 'data/lab-1'].filter((name) => existsSync(join(local, name))),
      ];
      await until(`nothing is left (now: ${left()})`, () => left().length === 0);
    },
  };
  return run;
}

/** Another launcher with the same settings. */
export function launch(settings: NodeJS.ProcessEnv, lifetime: Lifetime = 'test'): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launched[lifetime].push(child);
  return child;
}
