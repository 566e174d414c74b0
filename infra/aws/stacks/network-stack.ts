import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { Endpoints } from '../constructs/endpoints.ts';
import { s3PrefixList } from '../constructs/s3-prefix-list.ts';
import { SecurityGroups } from '../constructs/security-groups.ts';
import { ServiceRoles } from '../constructs/service-roles.ts';
import { stageVpc } from '../constructs/stage-vpc.ts';
import type { Network, Part } from './contracts.ts';

export interface NetworkStackProps extends StackProps {
  readonly config: StageConfig;
}

/** Where everything stands, who may talk to whom, and what an account has to have before all else. */
export class NetworkStack extends Stack implements Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroups: Readonly<Record<Part, ISecurityGroup>>;
  readonly executeApiEndpointId: string | undefined;

  constructor(scope: Construct, id: string, { config, ...props }: NetworkStackProps) {
    super(scope, id, props);
    const { vpc, subnets } = stageVpc(this, config);
    const groups = new SecurityGroups(this, 'SecurityGroups', { config, vpc, s3: s3PrefixList(this, config) });
    this.vpc = vpc;
    this.subnets = { subnets };
    this.securityGroups = groups.of;
    const { vpc: settings } = config.network;
    const endpoints =
      'vpcId' in settings && !settings.createEndpoints
        ? undefined
        : new Endpoints(this, 'Endpoints', { config, vpc, subnets, securityGroup: groups.of.endpoints });
    this.executeApiEndpointId = endpoints?.executeApi?.vpcEndpointId;
    new ServiceRoles(this, 'ServiceRoles', { config });
  }
}
