import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/** What stacks know of each other. */

/** Whose network interfaces a security group is for. */
export type Part =
  | 'api'
  | 'control'
  | 'dispatch'
  | 'collect'
  | 'deploy'
  | 'gateway'
  | 'prometheus'
  | 'dcdb'
  | 'redis'
  | 'kafka'
  | 'endpoints';

export interface Network {
  readonly vpc: IVpc;
  /** Where everything of ours stands. */
  readonly subnets: SubnetSelection;
  /** Rules among them are made with them, by pair; nothing else may come in or go out. */
  readonly securityGroups: Readonly<Record<Part, ISecurityGroup>>;
  /** Of API Gateway, when the API is private and the VPC is ours or has its endpoints made by us. */
  readonly executeApiEndpointId: string | undefined;
}

/** What somebody may do with a store; each gives the variables that its driver reads, and the leave that it needs. */
export interface Access {
  readonly environment: Readonly<Record<string, string>>;
  grantTo(grantee: IGrantable): void;
}

/** Stores of a stage, ours or ones that were there. Every method of it may be called for any number of functions. */
export interface Stores {
  /** DCDB_URL, and DCDB_SECRET_ARN where the password rotates. */
  readonly dcdb: Access;
  /** REDIS_URL; `secretsmanager:<arn>` where it has a password. */
  readonly redis: Access;
  /** REDIS_URL's secret for a container, which ECS reads by itself. */
  readonly redisUrlSecret: ISecret | undefined;
  /** KAFKA_BROKERS and KAFKA_IAM, to write to the topics; or SCAN_ROUTES that lead to none. */
  readonly kafkaProducer: Access;
  /** Where Kafka is, and leave to create topics. */
  readonly kafkaAdmin: Access;
  /** PROXY_CREDENTIALS_SECRETS: one or both of them. */
  proxyCredentials(...kinds: readonly ('stats' | 'admin')[]): Access;
  /** SECRET_KMS_KEY_ID and SECRET_KMS_MAC_KEY_ID: to seal, open and fingerprint. */
  readonly secretKeys: Access;
  /** The same variables, to fingerprint alone. */
  readonly fingerprints: Access;
  readonly workspace: Workspace;
}

/** The workspace of Amazon Managed Prometheus that all samples go to. */
export interface Workspace {
  readonly arn: string;
  readonly id: string;
  /** Address that `/api/v1/query` and `/api/v1/remote_write` are appended to, without a slash at its end. */
  readonly url: string;
  /** Whether it is ours, with its rules, limits and alerts. */
  readonly isOurs: boolean;
}

/** What alarms and the dashboard look at. */
export interface ObservedFunction {
  readonly name: string;
  readonly logGroupName: string;
  readonly timeoutSeconds: number;
}

/** What the monitoring stack looks at in each of the others; stores that were there before us have watchers of their own. */
export interface ObservedData {
  readonly observed: readonly ObservedFunction[];
  readonly dcdbClusterId?: string | undefined;
  readonly redisCacheName?: string | undefined;
  readonly kafkaClusterName?: string | undefined;
  readonly stores: Pick<Stores, 'workspace'>;
}

export interface ObservedApi {
  readonly observed: readonly ObservedFunction[];
  readonly apiName: string;
  readonly stageName: string;
  readonly deadLetterQueueNames?: readonly string[];
}

export interface ObservedScanner {
  readonly observed: readonly ObservedFunction[];
  readonly deadLetterQueueNames: readonly string[];
  /** Of the schedule that ticks. */
  readonly scheduleGroupName: string;
}

export interface ObservedGateway {
  readonly clusterName: string;
  /** The gateways first, then the agents. */
  readonly services: readonly { readonly name: string; readonly logGroupName: string }[];
  /** Series of one gateway, which each tells once a minute. */
  readonly seriesMetric: { readonly namespace: string; readonly metricName: string };
}
