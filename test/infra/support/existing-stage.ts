import type { StageInput } from '../../../infra/aws/config.ts';

/** As RDS calls one that it makes. */
export const DCDB_SECRET =
  'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-0a0b0c0d-0000-0000-0000-000000000001-AbCdEf';
export const REDIS_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:redis-AbCdEf';
export const STATS_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stats-AbCdEf';
export const ADMIN_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf';
export const SECRET_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0f0e0d0c-0000-0000-0000-000000000001';
export const KAFKA_CLUSTER =
  'arn:aws:kafka:eu-central-1:123456789012:cluster/events/0a0b0c0d-0000-0000-0000-000000000001-2';
export const WORKSPACE_ID = 'ws-00000000-0000-0000-0000-000000000001';

/** A stage that makes no store and no network of its own. */
export const existing = {
  stage: 'taken',
  keepsData: true,
  network: {
    vpc: {
      vpcId: 'vpc-00000001',
      cidr: '10.1.0.0/16',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
      privateSubnetIds: ['subnet-00000001', 'subnet-00000002'],
      privateRouteTableIds: ['rtb-00000001', 'rtb-00000002'],
      createEndpoints: false,
    },
    proxies: { cidrs: ['10.2.0.0/16'] },
    storeCidrs: ['10.3.0.0/16'],
  },
  data: {
    dcdb: { host: 'db.example', port: 3307, database: 'proxywatch', secretArn: DCDB_SECRET },
    redis: { urlSecretArn: REDIS_SECRET, port: 7000 },
    kafka: { brokers: ['b-1.example:9098', 'b-2.example:9098'], iam: true, clusterArn: KAFKA_CLUSTER },
    metrics: { workspaceId: WORKSPACE_ID },
    proxyCredentials: { statsSecretArn: STATS_SECRET, adminSecretArn: ADMIN_SECRET },
    secretKeyArns: [SECRET_KEY],
  },
  api: {},
} as const satisfies StageInput;
