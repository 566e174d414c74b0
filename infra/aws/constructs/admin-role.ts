import { Aws, Stack } from 'aws-cdk-lib';
import type { CfnRestApi } from 'aws-cdk-lib/aws-apigateway';
import { AccountPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledgeAdminRole } from './acknowledgements-of-api.ts';
import type { RestApi } from './rest-api.ts';

/** Who takes this role is admin of everything until the API has given others their roles. */
export function createAdminRole(scope: Construct, id: string, stage: string): Role {
  return new Role(scope, id, {
    roleName: `proxywatch-${stage}-admin`,
    description: `Proxywatch ${stage}: the first admin of the API`,
    // Of this account, and only whom a policy of theirs allows it.
    assumedBy: new AccountPrincipal(Aws.ACCOUNT_ID),
  });
}

export function allowApi(role: Role, { api, arn }: RestApi): void {
  role.addToPolicy(new PolicyStatement({ actions: ['execute-api:Invoke'], resources: [arn] }));
  acknowledgeAdminRole(role, Stack.of(api).getLogicalId(api.node.defaultChild as CfnRestApi));
}
