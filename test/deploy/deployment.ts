import { readFileSync } from 'node:fs';
import type { Deployment } from './cdk.ts';
import type { World } from './world.ts';

/** Where the program that deployed tells its tests what there is. */
export const DEPLOYMENT_FILE = 'PROXYWATCH_DEPLOYMENT';

/** What there is when the tests begin. */
export interface Deployed {
  readonly python: string;
  /** Variables that lead clients of AWS to the emulator. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resources that the emulator only wrote down. */
  readonly recorded: string;
  readonly folder: string;
  /** The configuration of `lab`. */
  readonly stageFile: string;
  readonly world: World;
  /** Over stores of ours. */
  readonly lab: Deployment;
  /** With everything new, and an API on the internet. */
  readonly dev: Deployment;
  /** With everything new, and an API inside the VPC. */
  readonly prod: Deployment;
}

export function readDeployment(): Deployed {
  const file = process.env[DEPLOYMENT_FILE];
  if (file === undefined) throw new Error('nothing is deployed: run these tests with npm run test:deploy');
  return JSON.parse(readFileSync(file, 'utf8'));
}
