import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { FUNCTIONS, type FunctionEntry } from '../../../infra/aws/packages/functions.ts';
import type { PackedSystem } from '../../../infra/aws/packages/pack-system.ts';
import type { Access, Stores } from '../../../infra/aws/stacks/contracts.ts';

export const WORKSPACE_ARN = 'arn:aws:aps:eu-central-1:123456789012:workspace/ws-00000000-0000-0000-0000-000000000001';

/** Stores that grant an action of their own name, so that a test reads off the roles who may use which. */
export function fakeStores(): Stores {
  const access = (name: string): Access => ({
    environment: { [`FAKE_${name.toUpperCase()}`]: name },
    grantTo: (grantee: IGrantable) =>
      void Grant.addToPrincipal({ grantee, actions: [`fake:${name}`], resourceArns: [`arn:aws:fake:::${name}`] }),
  });
  return {
    dcdb: access('dcdb'),
    redis: access('redis'),
    redisUrlSecret: undefined,
    kafkaProducer: access('kafkaProducer'),
    kafkaAdmin: access('kafkaAdmin'),
    proxyCredentials: (...kinds) =>
      access(
        kinds
          .toSorted()
          .map((kind) => `${kind}Credentials`)
          .join('And'),
      ),
    secretKeys: access('secretKeys'),
    fingerprints: access('fingerprints'),
    workspace: {
      arn: WORKSPACE_ARN,
      id: 'ws-00000000-0000-0000-0000-000000000001',
      url: 'https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-00000000-0000-0000-0000-000000000001',
      isOurs: true,
    },
  };
}

/** One folder for everything: what is in the packages is tested elsewhere. */
export function fakePackages(folder: string): PackedSystem {
  const packed = ({ name }: FunctionEntry) => ({
    name,
    path: folder,
    handler: 'handler.handler',
    layers: ['core', 'vendor'],
  });
  return {
    functions: new Map(FUNCTIONS.map((entry) => [entry.name, packed(entry)])),
    layers: { core: folder, vendor: folder },
    gateway: folder,
    prometheus: folder,
  } as unknown as PackedSystem;
}
