import { Aws, Fn, type Stack } from 'aws-cdk-lib';
import {
  CfnRoute,
  CfnTransitGatewayAttachment,
  FlowLogDestination,
  IpAddresses,
  type ISubnet,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import type { StageConfig } from '../config.ts';
import { AwsCall } from './aws-call.ts';
import { StageLogGroup } from './stage-log-group.ts';

/** Whether the configuration names services that only the internet leads to. */
export function needsNat({ api }: Pick<StageConfig, 'api'>): boolean {
  return api.auth.kind === 'jwt' || api.dbconfig?.cidrs === 'outside';
}

/** The VPC of a stage, ours or one that is there, and the private subnets that everything stands in. */
export function stageVpc(stack: Stack, config: StageConfig): { readonly vpc: IVpc; readonly subnets: ISubnet[] } {
  const { vpc } = config.network;
  if ('vpcId' in vpc) {
    const existing = Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: vpc.vpcId,
      vpcCidrBlock: vpc.cidr,
      availabilityZones: vpc.availabilityZones,
      privateSubnetIds: vpc.privateSubnetIds,
      privateSubnetRouteTableIds: vpc.privateRouteTableIds,
    });
    return { vpc: existing, subnets: existing.privateSubnets };
  }
  const made = ownVpc(stack, config, vpc);
  const subnets = needsNat(config) ? made.privateSubnets : made.isolatedSubnets;
  addRoutes(stack, config, made, subnets);
  closeDefaultSecurityGroup(stack, config, made);
  return { vpc: made, subnets };
}

const MOST_ZONES = 3;

function ownVpc(
  stack: Stack,
  config: StageConfig,
  { cidr, zones, availabilityZones }: { cidr: string; zones: number; availabilityZones?: string[] },
): Vpc {
  const prefix = Number(cidr.split('/')[1]);
  const used = availabilityZones ?? Array.from({ length: zones }, (_, i) => Fn.select(i, Fn.getAzs()));
  const hasNat = needsNat(config);
  const flowLogs = new StageLogGroup(stack, 'FlowLogs', {
    config,
    logGroupName: `/proxywatch/${config.stage}/flow-logs`,
  });
  return new Vpc(stack, 'Vpc', {
    ipAddresses: IpAddresses.cidr(cidr),
    availabilityZones: used,
    // Room for all three, so that a zone can be added and no subnet changes its range.
    reservedAzs: MOST_ZONES - used.length,
    natGateways: hasNat ? used.length : 0,
    // The library would do it with one more function, whose log is kept for ever.
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      {
        name: 'private',
        subnetType: hasNat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED,
        cidrMask: prefix + 2,
      },
      ...(hasNat
        ? [{ name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: prefix + 4, mapPublicIpOnLaunch: false }]
        : []),
    ],
    flowLogs: { all: { destination: FlowLogDestination.toCloudWatchLogs(flowLogs) } },
  });
}

/** From each private subnet. The gateway in the middle has to have routes back, which are not ours to make. */
function addRoutes(stack: Stack, { network: { routes } }: StageConfig, vpc: Vpc, subnets: readonly ISubnet[]): void {
  const transitGateways = new Set(routes.map(({ via }) => via).filter((via) => via.startsWith('tgw-')));
  const attachments = new Map(
    [...transitGateways].map((transitGatewayId) => [
      transitGatewayId,
      new CfnTransitGatewayAttachment(stack, `Attachment-${transitGatewayId}`, {
        transitGatewayId,
        vpcId: vpc.vpcId,
        subnetIds: subnets.map(({ subnetId }) => subnetId),
      }),
    ]),
  );
  for (const { cidr, via } of routes) {
    const attachment = attachments.get(via);
    for (const [i, { routeTable }] of subnets.entries()) {
      const route = new CfnRoute(stack, `Route-${cidr}-${i}`, {
        routeTableId: routeTable.routeTableId,
        destinationCidrBlock: cidr,
        ...(attachment === undefined ? { vpcPeeringConnectionId: via } : { transitGatewayId: via }),
      });
      if (attachment !== undefined) route.addResourceDependency(attachment);
    }
  }
}

/** Nothing of ours uses it, and nobody should by mistake: it comes with leave to talk to everybody. */
function closeDefaultSecurityGroup(stack: Stack, config: StageConfig, vpc: Vpc): void {
  const GroupId = vpc.vpcDefaultSecurityGroup;
  const calls = {
    revokeSecurityGroupIngress: { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId, UserId: Aws.ACCOUNT_ID }] },
    revokeSecurityGroupEgress: { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
  };
  for (const [action, permission] of Object.entries(calls)) {
    new AwsCall(stack, `DefaultGroup-${action}`, {
      config,
      call: {
        service: 'EC2',
        action,
        parameters: { GroupId, IpPermissions: [permission] },
        ignoreErrorCodesMatching: 'InvalidPermission.NotFound',
        physicalResourceId: PhysicalResourceId.of(action),
      },
      statements: [
        new PolicyStatement({
          actions: [`ec2:${action[0]?.toUpperCase()}${action.slice(1)}`],
          resources: [stack.formatArn({ service: 'ec2', resource: 'security-group', resourceName: GroupId })],
        }),
      ],
    });
  }
}
