import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeExit, type Exit, startChild } from '../../infra/local/services/child.ts';
import { pickFreePort } from '../../infra/local/services/ports.ts';
import { LAMBDA_NODE_FLAGS } from '../support/lambda-sandbox.ts';
import { until } from '../support/until.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

const MAIN = fileURLToPath(new URL('emulator/main.py', import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

export interface EmulatorOptions {
  readonly python: string;
  /** Of its own; whoever gave it removes it. */
  readonly folder: string;
  /** Folder with the `node_modules` of Lambda's runtime. */
  readonly runtime: string;
  /** A Prometheus that stands for every workspace. */
  readonly prometheusUrl: string;
}

export interface Emulator {
  readonly url: string;
  /** What the CDK, boto3 and the clients of AWS are told by. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
  /** Resources that it only wrote down, a line of JSON each. */
  readonly recorded: string;
  stop(): Promise<Exit>;
}

/** The emulator of AWS on a free port of loopback. Rejects with the end of its log when it does not come up. */
export async function startEmulator({ python, folder, runtime, prometheusUrl }: EmulatorOptions): Promise<Emulator> {
  const port = await pickFreePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, 'emulator.log');
  const environment = {
    AWS_ENDPOINT_URL: url,
    // Buckets stand in the path: names such as bucket.127.0.0.1 lead nowhere.
    AWS_ENDPOINT_URL_S3: url,
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: url.replace('127.0.0.1', 'localhost'),
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'emulated',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const child = await startChild({
    command: python,
    args: [MAIN],
    cwd: folder,
    log,
    env: {
      ...environment,
      EMULATOR_PORT: `${port}`,
      EMULATOR_ACCOUNT: ACCOUNT,
      EMULATOR_FOLDER: folder,
      EMULATOR_NODE: process.execPath,
      EMULATOR_NODE_FLAGS: JSON.stringify(LAMBDA_NODE_FLAGS),
      EMULATOR_RUNTIME: runtime,
      EMULATOR_PROMETHEUS_URL: prometheusUrl,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
    },
  });
  let exit: Exit | undefined;
  void child.exited.then((value) => {
    exit = value;
  });
  try {
    await until('the emulator answers', async () => exit !== undefined || (await answers(url)), READY_TIMEOUT_MS);
    if (exit !== undefined) throw new Error(`the emulator ${describeExit(exit)}`);
  } catch (error) {
    await child.stop();
    throw new Error(`${error instanceof Error ? error.message : error}:\n${await readFile(log, 'utf8')}`);
  }
  return { url, environment, log, recorded: join(folder, 'recorded.jsonl'), stop: child.stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}
