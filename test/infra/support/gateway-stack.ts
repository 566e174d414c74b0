import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig } from '../../../infra/aws/config.ts';
import { metricsWorkspace } from '../../../infra/aws/constructs/metrics-workspace.ts';
import type { Stores } from '../../../infra/aws/stacks/contracts.ts';
import { GatewayStack } from '../../../infra/aws/stacks/gateway-stack.ts';
import { NetworkStack } from '../../../infra/aws/stacks/network-stack.ts';
import { dev } from '../../../infra/aws/stages/dev.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { checkedApp } from './checked-app.ts';
import { fakePackages, fakeStores } from './fake-platform.ts';

/** The gateways of stage `dev` with other settings. Throws where a rule of AWS Solutions is broken without a reason. */
export function gatewayStackOf(gateway: object = {}, stores: (app: App) => Partial<Stores> = () => ({})) {
  const app = checkedApp();
  const config = parseStageConfig({ ...dev, gateway }, 'a test');
  const image = temporaryFolder();
  writeFileSync(join(image, 'Dockerfile'), 'FROM scratch\n');
  const network = new NetworkStack(app, 'proxywatch-dev-network', { config });
  const stack = new GatewayStack(app, 'proxywatch-dev-gateway', {
    config,
    packages: fakePackages(image),
    network,
    stores: { ...fakeStores(), ...stores(app) },
  });
  return { stack, template: Template.fromStack(stack), networkTemplate: Template.fromStack(network) };
}

/** Stores with the workspace that a stage makes in a stack of its own. */
export function madeWorkspace(app: App): Pick<Stores, 'workspace'> {
  return { workspace: metricsWorkspace(new Stack(app, 'workspace'), parseStageConfig(dev, 'a test')) };
}

interface Container {
  readonly Command?: readonly string[];
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets?: readonly { readonly Name: string; readonly ValueFrom: unknown }[];
}

/** The definition of the task `proxywatch-dev-<name>` and its one container. */
export function taskOf(template: Template, name: string) {
  const found = template.findResources('AWS::ECS::TaskDefinition', {
    Properties: { Family: `proxywatch-dev-${name}` },
  });
  const properties = Object.values(found)[0]?.Properties;
  const container: Container = properties.ContainerDefinitions[0];
  const environment = Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, resolved(Value)]));
  return { properties, container, environment };
}

const REFERENCES: Readonly<Record<string, string>> = {
  'AWS::Region': 'eu-central-1',
  'AWS::URLSuffix': 'amazonaws.com',
};
/** What stands for all that another stack exports. */
export const IMPORTED = 'ws-0a0b0c0d-0000-0000-0000-000000000001';

/** What CloudFormation makes of a text with references. */
export function resolved(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref = '', 'Fn::ImportValue': imported, 'Fn::Join': joined } = value as Record<string, unknown>;
  if (imported !== undefined) return IMPORTED;
  if (joined === undefined) return REFERENCES[String(Ref)] ?? JSON.stringify(value);
  const [separator, parts] = joined as readonly [string, readonly unknown[]];
  return parts.map(resolved).join(separator);
}

/** `action resource` of all that the role of a task may do; `role` is the logical id's beginning. */
export function leaveOf(template: Template, role: RegExp): readonly string[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => role.test(JSON.stringify(Properties.Roles)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) => [Action].flat().map((action) => `${action} ${nameOf(Resource)}`))
    .sort();
}

function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  return text.match(/cdk-hnb659fds-container-assets|(Gateways|Agents)TaskLogs|arn:aws:[^"]+|\*/)?.[0] ?? text;
}
