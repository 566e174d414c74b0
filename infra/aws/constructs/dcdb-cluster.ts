import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AuroraMysqlEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
  PerformanceInsightRetention,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Network } from '../stacks/contracts.ts';
import { acknowledge } from './acknowledgements.ts';
import { StageKey } from './stage-key.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface DcdbClusterProps {
  readonly config: StageConfig;
  readonly settings: Extract<StageConfig['data']['dcdb'], { minAcu: number }>;
  readonly network: Network;
}

export const DATABASE = 'proxywatch';
const LOGS = ['audit', 'error', 'slowquery'] as const;
const PARAMETERS = {
  require_secure_transport: 'ON',
  // Who came, and what was changed in schema and rights. Rows are audited by the API, with the person behind a change.
  server_audit_logging: '1',
  server_audit_events: 'CONNECT,QUERY_DCL,QUERY_DDL',
  slow_query_log: '1',
  long_query_time: '1',
};
/** Below it Performance Insights takes a noticeable part of what an instance has. */
const INSIGHTS_MIN_ACU = 2;

/** Aurora MySQL serverless v2. RDS makes the password, keeps it in a secret of its own and changes it every week. */
export class DcdbCluster extends Construct {
  readonly cluster: DatabaseCluster;
  /** JSON with `username` and `password`. */
  readonly secretArn: string;

  constructor(scope: Construct, id: string, { config, settings, network }: DcdbClusterProps) {
    super(scope, id);
    const { keepsData } = config;
    const clusterIdentifier = `proxywatch-${config.stage}-dcdb`;
    const engine = DatabaseClusterEngine.auroraMysql({ version: AuroraMysqlEngineVersion.VER_3_12_0 });
    const key = new StageKey(this, 'Key', { config, name: 'dcdb', description: 'storage of the DCDB' });
    const insights = settings.minAcu >= INSIGHTS_MIN_ACU && {
      enablePerformanceInsights: true,
      performanceInsightRetention: PerformanceInsightRetention.DEFAULT,
      performanceInsightEncryptionKey: key,
    };
    const instance = { publiclyAccessible: false, ...insights };
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      engine,
      clusterIdentifier,
      defaultDatabaseName: DATABASE,
      credentials: Credentials.fromUsername('proxywatch'),
      manageMasterUserPassword: true,
      writer: ClusterInstance.serverlessV2('writer', instance),
      readers: Array.from({ length: settings.readers }, (_, i) =>
        // The first one is as large as the writer, to take over at once.
        ClusterInstance.serverlessV2(`reader-${i + 1}`, { ...instance, scaleWithWriter: i === 0 }),
      ),
      serverlessV2MinCapacity: settings.minAcu,
      serverlessV2MaxCapacity: settings.maxAcu,
      vpc: network.vpc,
      vpcSubnets: network.subnets,
      securityGroups: [network.securityGroups.dcdb],
      storageEncrypted: true,
      storageEncryptionKey: key,
      parameterGroup: new ParameterGroup(this, 'Parameters', { engine, parameters: PARAMETERS }),
      cloudwatchLogsExports: [...LOGS],
      backup: { retention: Duration.days(settings.backupDays) },
      copyTagsToSnapshot: true,
      deletionProtection: keepsData,
      removalPolicy: keepsData ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
    });
    const { secret } = this.cluster;
    if (secret === undefined) throw new Error('aws-cdk-lib gives no secret for a password that RDS manages');
    this.secretArn = secret.secretArn;
    for (const name of LOGS) this.cluster.node.addDependency(this.#logGroup(config, `${clusterIdentifier}/${name}`));
    acknowledgeCluster(this.cluster, keepsData);
  }

  /** Made before the cluster: RDS would make one that keeps everything for ever. */
  #logGroup(config: StageConfig, name: string): StageLogGroup {
    return new StageLogGroup(this, `${name.split('/')[1]}-logs`, { config, logGroupName: `/aws/rds/cluster/${name}` });
  }
}

function acknowledgeCluster(cluster: DatabaseCluster, keepsData: boolean): void {
  acknowledge(cluster, {
    RDS6: 'functions log in with the password that RDS keeps and rotates; tokens of IAM would be a second way in',
    RDS11:
      'the port is no secret to who is in the VPC, and nobody else has a way to it: a security group names who may connect',
    RDS14: 'backups restore to any second of the last days; going back in place would take the audit along',
    ...(!keepsData && { RDS10: 'this stage keeps no data: the cluster goes with its stack' }),
  });
}
