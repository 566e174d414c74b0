// Starts an emulator of AWS and what the deployed functions work with, deploys the system there with the CDK as people use it,
// and tests what came of it. Arguments: the Python of the emulator, and what jest is to be told.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@proxywatch/core/domain/errors';
import { guardPath, releasePath } from '../../infra/local/services/watchdog.ts';
import { copyLambdaRuntime } from '../support/lambda-sandbox.ts';
import { openAwsCalls } from './aws-calls.ts';
import { createCdk } from './cdk.ts';
import { DEPLOYMENT_FILE, type Deployed } from './deployment.ts';
import { labStage } from './stage-file.ts';
import { startEmulator } from './start-emulator.ts';
import { startWorld } from './world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

const [python = 'python3', ...jestArguments] = process.argv.slice(2);
const stops: (() => unknown)[] = [];
try {
  process.exitCode = await run();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'proxywatch-deploy-'));
  guardPath(folder);
  stops.push(() => {
    // To look at its logs and templates.
    if (process.env.DEPLOY_KEEP !== undefined) console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    releasePath(folder);
  });
  const world = await timed('servers and lab proxies', () => startWorld(folder, (stop) => stops.push(stop)));
  const runtime = join(folder, 'runtime');
  copyLambdaRuntime(runtime);
  const emulator = await timed('the emulator', () =>
    startEmulator({ python, folder, runtime, prometheusUrl: world.prometheusUrl }),
  );
  stops.push(emulator.stop);
  const cdk = createCdk(emulator, folder);
  const stageFile = join(folder, 'stage.json');
  writeFileSync(
    stageFile,
    JSON.stringify(labStage(world, { dcdb: await dcdbSecret(emulator.environment, world.dcdbUrl) })),
  );
  await timed('cdk bootstrap', () => cdk.bootstrap());
  const lab = await timed('cdk deploy --all, over stores that are there', () => cdk.deploy({ stageFile }));
  const dev = await timed('cdk deploy --all of stage dev', () => cdk.deploy({ stage: 'dev' }));
  const prod = await timed('cdk deploy --all of stage prod', () => cdk.deploy({ stage: 'prod' }));
  const { environment, recorded } = emulator;
  const deployed: Deployed = { python, environment, recorded, folder, stageFile, world, lab, dev, prod };
  const file = join(folder, 'deployment.json');
  writeFileSync(file, JSON.stringify(deployed));
  return test(file);
}

/** Somebody made this secret before: its ARN stands in the configuration. */
async function dcdbSecret(environment: Readonly<Record<string, string>>, url: string): Promise<string> {
  const { username, password } = new URL(url);
  const aws = openAwsCalls(python, environment);
  try {
    const given = { Name: 'dcdb', SecretString: JSON.stringify({ username, password }) };
    return (await aws.call('secretsmanager', 'create_secret', given)).ARN;
  } finally {
    aws.close();
  }
}

function test(file: string): Promise<number> {
  const child = spawn(process.execPath, [...JEST, '--config=test/deploy/jest.config.mjs', ...jestArguments], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, [DEPLOYMENT_FILE]: file },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  return result;
}
