import { Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig, type StageInput } from '../../../infra/aws/config.ts';
import { ApiStack } from '../../../infra/aws/stacks/api-stack.ts';
import { NetworkStack } from '../../../infra/aws/stacks/network-stack.ts';
import { dev } from '../../../infra/aws/stages/dev.ts';
import { checkedApp } from './checked-app.ts';
import { fakePackages, fakeStores } from './fake-platform.ts';

const FOLDER = new URL('.', import.meta.url).pathname;

export interface SynthesizedApi {
  readonly stack: ApiStack;
  readonly template: Template;
}

/** The API stack of the stage `dev` with other settings. Throws where a rule of AWS Solutions is broken without a reason. */
export function synthesizeApi(api: StageInput['api'], others: Partial<StageInput> = {}): SynthesizedApi {
  const app = checkedApp();
  const config = parseStageConfig({ ...dev, ...others, api }, 'a test');
  const stack = new ApiStack(app, 'proxywatch-dev-api', {
    config,
    packages: fakePackages(FOLDER),
    network: new NetworkStack(app, 'proxywatch-dev-network', { config }),
    stores: fakeStores(),
  });
  return { stack, template: Template.fromStack(stack) };
}

export const REGIONAL: StageInput['api'] = {
  endpoint: { type: 'regional', allowedCidrs: ['192.0.2.0/24', '198.51.100.0/24'] },
  wafRequestsPer5Minutes: 700,
  throttle: { requestsPerSecond: 7, burst: 11 },
};

export const TOKEN_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:dbconfig-abcdef';

export const PRIVATE_WITH_JWT: StageInput['api'] = {
  endpoint: { type: 'private' },
  auth: { kind: 'jwt', issuer: 'https://id.example', audience: 'proxywatch', jwksUrl: 'https://id.example/keys' },
  bootstrapAdmin: 'group:dba',
  dbconfig: { url: 'https://dbconfig.example', tokenSecretArn: TOKEN_SECRET, cidrs: ['10.9.0.0/16'] },
  createAccountLogRole: false,
};
