import { Aws } from 'aws-cdk-lib';
import {
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  InterfaceVpcEndpointAwsService as Service,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';

export interface EndpointsProps {
  readonly config: StageConfig;
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly securityGroup: ISecurityGroup;
}

/** What somebody of ours calls, and who. docs/aws.md has the same list for VPCs that have endpoints already. */
const SERVICES = {
  lambda: Service.LAMBDA, // dispatch, api: to invoke
  secretsmanager: Service.SECRETS_MANAGER, // all: credentials
  kms: Service.KMS, // api, control: to seal and open passwords of accounts
  sqs: Service.SQS, // collect: dead letters
  aps: Service.PROMETHEUS, // api: alert rules
  'aps-workspaces': Service.PROMETHEUS_WORKSPACES, // api: to query; prometheus: to write
  'ecr.api': Service.ECR, // Fargate: images
  'ecr.dkr': Service.ECR_DOCKER,
  logs: Service.CLOUDWATCH_LOGS, // Fargate: logs of containers
} as const;

/**
 * The way from private subnets to AWS, without an address outside. In a VPC of our own they serve this account alone, and S3 what
 * deployments and images need of it. In one that was there, others come through them too, and they limit nobody.
 */
export class Endpoints extends Construct {
  /** When the API is private. */
  readonly executeApi: InterfaceVpcEndpoint | undefined;

  constructor(scope: Construct, id: string, { config, vpc, subnets, securityGroup }: EndpointsProps) {
    super(scope, id);
    const isOurVpc = !('vpcId' in config.network.vpc);
    const s3 = new GatewayVpcEndpoint(this, 's3', {
      vpc,
      service: GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnets }],
    });
    if (isOurVpc) for (const statement of s3Statements()) s3.addToPolicy(statement);
    for (const [name, service] of Object.entries(SERVICES)) {
      const options = { vpc, service, subnets: { subnets }, securityGroups: [securityGroup], open: false };
      const endpoint = new InterfaceVpcEndpoint(this, name, options);
      if (isOurVpc) endpoint.addToPolicy(thisAccount());
    }
    this.executeApi =
      config.api.endpoint.type === 'private'
        ? this.#executeApi({ config, vpc, subnets }, config.api.endpoint)
        : undefined;
  }

  /** With a group of its own, since callers of the API have no business with other services. */
  #executeApi(
    { config, vpc, subnets }: Pick<EndpointsProps, 'config' | 'vpc' | 'subnets'>,
    { callerCidrs }: { readonly callerCidrs: readonly string[] },
  ): InterfaceVpcEndpoint {
    const description = `Proxywatch ${config.stage}: the private endpoint of the API`;
    const callers = new SecurityGroup(this, 'callers', { vpc, description, allowAllOutbound: false });
    const { network } = config;
    const cidrs = new Set([network.vpc.cidr, ...network.routes.map(({ cidr }) => cidr), ...callerCidrs]);
    for (const cidr of cidrs) callers.addIngressRule(Peer.ipv4(cidr), Port.tcp(443), 'callers of the API');
    return new InterfaceVpcEndpoint(this, 'execute-api', {
      vpc,
      service: Service.APIGATEWAY,
      subnets: { subnets },
      securityGroups: [callers],
      open: false,
    });
  }
}

function thisAccount(): PolicyStatement {
  return new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: ['*'],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } },
  });
}

/** Both are buckets of AWS: addresses to answer CloudFormation at, signed by it, and where ECR keeps layers of images. */
function s3Statements(): PolicyStatement[] {
  const of = (action: string, bucket: string) =>
    new PolicyStatement({
      principals: [new AnyPrincipal()],
      actions: [action],
      resources: [`arn:${Aws.PARTITION}:s3:::${bucket}/*`],
    });
  return [
    of('s3:PutObject', `cloudformation-custom-resource-response-*`),
    of('s3:GetObject', `prod-${Aws.REGION}-starport-layer-bucket`),
  ];
}
