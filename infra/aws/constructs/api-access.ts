import { Aws } from 'aws-cdk-lib';
import { AccountPrincipal, AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { AnyRoute } from '../../../functions/api/shared/route.ts';
import type { StageConfig } from '../config.ts';
import type { Network } from '../stacks/contracts.ts';

export interface ApiAccessOptions {
  readonly config: StageConfig;
  readonly network: Pick<Network, 'vpc' | 'executeApiEndpointId'>;
  readonly routes: readonly AnyRoute[];
}

/**
 * From where the API may be called, and by whom. What comes from elsewhere is denied whatever else allows it. With IAM,
 * principals of this account need leave of their own policies as well; with JWT, API Gateway knows nobody.
 */
export function apiAccess({ config, network, routes }: ApiAccessOptions): PolicyDocument {
  const allow = (principals: PolicyStatement['principals'], resources: string[]) =>
    new PolicyStatement({ principals, actions: ['execute-api:Invoke'], resources });
  const open = routes
    .filter(({ role }) => role === 'public')
    .map(({ method, path }) => `execute-api:/*/${method}${path}`);
  const isIam = config.api.auth.kind === 'iam';
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['execute-api:Invoke'],
        resources: ['execute-api:/*'],
        conditions: elsewhere(config, network),
      }),
      ...(isIam
        ? [allow([new AnyPrincipal()], open), allow([new AccountPrincipal(Aws.ACCOUNT_ID)], ['execute-api:/*'])]
        : [allow([new AnyPrincipal()], ['execute-api:/*'])]),
    ],
  });
}

function elsewhere({ api: { endpoint } }: StageConfig, network: ApiAccessOptions['network']) {
  if (endpoint.type === 'regional') return { NotIpAddress: { 'aws:SourceIp': endpoint.allowedCidrs } };
  // Where endpoints are not ours, any of that VPC is meant.
  if (network.executeApiEndpointId === undefined) return { StringNotEquals: { 'aws:SourceVpc': network.vpc.vpcId } };
  return { StringNotEquals: { 'aws:SourceVpce': network.executeApiEndpointId } };
}
