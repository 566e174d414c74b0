import { fileURLToPath } from 'node:url';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { parseStageConfig, type StageInput } from '../../../infra/aws/config.ts';
import type { Access, Stores } from '../../../infra/aws/stacks/contracts.ts';
import { DataStack } from '../../../infra/aws/stacks/data-stack.ts';
import { NetworkStack } from '../../../infra/aws/stacks/network-stack.ts';
import { checkedApp } from './checked-app.ts';
import { fakePackages } from './fake-platform.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** The data stack over a real network, with a function that does nothing. */
export function dataOf(input: StageInput) {
  const app = checkedApp();
  const config = parseStageConfig(input, 'a test');
  const network = new NetworkStack(app, 'network', { config });
  return { app, data: new DataStack(app, 'data', { config, packages: fakePackages(FOLDER), network }) };
}

export const dataTemplateOf = (input: StageInput): Template => Template.fromStack(dataOf(input).data);

export interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What a role of another stack may do when it is granted something. */
export function statementsOf(input: StageInput, access: (stores: Stores) => Access): readonly Statement[] {
  const { app, data } = dataOf(input);
  const other = new Stack(app, 'other');
  access(data.stores).grantTo(new Role(other, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
  app.synth();
  const policies = Object.values(Template.fromStack(other).findResources('AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}
