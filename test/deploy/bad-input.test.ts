import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { StageInput } from '../../infra/aws/config.ts';
import { type Cdk, createCdk } from './cdk.ts';
import { readDeployment } from './deployment.ts';
import { ACCOUNT, REGION } from './start-emulator.ts';

const NOBODYS = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nobodys-aBcDeF`;

let cdk: Cdk;
let folder: string;
let stage: StageInput;
beforeAll(() => {
  const deployed = readDeployment();
  // Beside what was deployed, and gone with it.
  folder = mkdtempSync(join(deployed.folder, 'bad-'));
  cdk = createCdk(deployed, folder);
  stage = JSON.parse(readFileSync(deployed.stageFile, 'utf8'));
});

function stageFileOf(changes: object): string {
  const file = join(folder, 'stage.json');
  writeFileSync(file, JSON.stringify({ ...stage, ...changes }));
  return file;
}

describe('cdk deploy', () => {
  test('fails where a secret with credentials is not there, and names the setting', async () => {
    const proxyCredentials = { statsSecretArn: NOBODYS, adminSecretArn: NOBODYS };
    const stageFile = stageFileOf({ stage: 'secretless', data: { ...stage.data, proxyCredentials } });
    const deploying = cdk.deploy({ stageFile }, ['proxywatch-secretless-data']);
    await expect(deploying).rejects.toThrow(/data\.proxyCredentials\.statsSecretArn/);
  });

  test('fails before anything is deployed where the configuration is wrong, and names the setting', async () => {
    const stageFile = stageFileOf({ stage: 'wrong', logDays: 6 });
    await expect(cdk.deploy({ stageFile })).rejects.toThrow(/logDays/);
  });

  test('fails where no stage is called so', async () => {
    await expect(cdk.deploy({ stage: 'nowhere' })).rejects.toThrow(/stage "nowhere" is unknown, there is dev, prod/);
  });
});
