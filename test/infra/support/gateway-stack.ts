import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig } from '../../../infra/aws/config.ts';
import { GatewayStack } from '../../../infra/aws/stacks/gateway-stack.ts';
import { NetworkStack } from '../../../infra/aws/stacks/network-stack.ts';
import { dev } from '../../../infra/aws/stages/dev.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { checkedApp } from './checked-app.ts';
import { fakePackages, fakeStores } from './fake-platform.ts';

/** The gateways of stage `dev` with other settings. Throws where a rule of AWS Solutions is broken without a reason. */
export function gatewayStackOf(gateway: object = {}, stores: Partial<ReturnType<typeof fakeStores>> = {}) {
  const app = checkedApp();
  const config = parseStageConfig({ ...dev, gateway }, 'a test');
  const image = temporaryFolder();
  writeFileSync(join(image, 'Dockerfile'), 'FROM scratch\n');
  const network = new NetworkStack(app, 'proxywatch-dev-network', { config });
  const stack = new GatewayStack(app, 'proxywatch-dev-gateway', {
    config,
    packages: fakePackages(image),
    network,
    stores: { ...fakeStores(), ...stores },
  });
  return { stack, template: Template.fromStack(stack), networkTemplate: Template.fromStack(network) };
}

interface Container {
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

/** What CloudFormation makes of a text that names the region. */
export function resolved(value: unknown): string {
  const text = JSON.stringify(value).replaceAll('{"Ref":"AWS::Region"}', '"eu-central-1"');
  const parsed = JSON.parse(text);
  if (typeof parsed === 'string') return parsed;
  const [separator, parts] = parsed['Fn::Join'];
  return parts.map((part: unknown) => resolved(part)).join(separator);
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
