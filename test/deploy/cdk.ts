import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ACCOUNT, type Emulator, REGION } from './start-emulator.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARIES = join(ROOT, 'node_modules/.bin');
const CDK = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
const TIME_LIMIT_MS = 300_000;
const MAX_OUTPUT_BYTES = 50_000_000;

/** Plays docker, which is not there: no image is known yet, and everything else succeeds. Writes down what it was asked. */
const DOCKER = `#!/bin/sh
printf '%s\\n' "$*" >>"$(dirname "$0")/docker.log"
case $1 in
  inspect) exit 1 ;;
  login) cat >/dev/null ;;
esac
`;

export interface Cdk {
  bootstrap(): Promise<void>;
  /** Deploys all stacks of a stage, or the ones that are named. Rejects with what the CDK printed. */
  deploy(stage: StageContext, stacks?: readonly string[]): Promise<Deployment>;
}

export type StageContext = { readonly stage: string } | { readonly stageFile: string };

export interface Deployment {
  /** Outputs by the names of stacks. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folder with the templates. */
  readonly assembly: string;
}

/** The CDK's command line, as `npx cdk` runs it, against the emulator. */
export function createCdk({ environment }: Pick<Emulator, 'environment'>, folder: string): Cdk {
  const docker = join(folder, 'docker');
  writeFileSync(docker, DOCKER);
  chmodSync(docker, 0o755);
  let deployments = 0;

  async function run(args: readonly string[], cwd = ROOT): Promise<void> {
    try {
      await promisify(execFile)(process.execPath, [CDK, ...args, '--no-notices', '--ci'], {
        cwd,
        env: {
          ...process.env,
          ...environment,
          // The app is started as `node`, which has to be the pinned one.
          PATH: `${BINARIES}${delimiter}${process.env.PATH}`,
          CDK_DOCKER: docker,
          CDK_DISABLE_CLI_TELEMETRY: 'true',
        },
        timeout: TIME_LIMIT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
      });
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`cdk ${args.join(' ')} failed:\n${stdout}${stderr}`);
    }
  }

  return {
    // Where there is no app, none is made first.
    bootstrap: () => run(['bootstrap', `aws://${ACCOUNT}/${REGION}`], folder),
    async deploy(stage, stacks = ['--all']) {
      deployments += 1;
      const assembly = join(folder, `cdk.out-${deployments}`);
      const outputs = join(folder, `outputs-${deployments}.json`);
      const context = Object.entries(stage).flatMap(([name, value]) => ['--context', `${name}=${value}`]);
      const how = ['--method=direct', '--require-approval=never', `--outputs-file=${outputs}`, `--output=${assembly}`];
      await run(['deploy', ...stacks, ...context, ...how]);
      return { outputs: JSON.parse(readFileSync(outputs, 'utf8')), assembly };
    },
  };
}
