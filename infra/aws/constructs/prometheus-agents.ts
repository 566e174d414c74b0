import { Aws, Duration } from 'aws-cdk-lib';
import type { FargateService, ICluster } from 'aws-cdk-lib/aws-ecs';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { renderPrometheusConfig } from '../../prometheus/render.ts';
import { agentSize, WAL_KEPT_SECONDS, WAL_TRUNCATED_SECONDS } from '../agent-size.ts';
import type { StageConfig } from '../config.ts';
import type { Network, Workspace } from '../stacks/contracts.ts';
import { FargateTask } from './fargate-task.ts';
import { fleetService } from './fleet-service.ts';

export interface PrometheusAgentsProps {
  readonly config: StageConfig;
  /** Folder of the image. */
  readonly image: string;
  readonly network: Network;
  readonly workspace: Workspace;
  readonly cluster: ICluster;
  /** `/sd` of the gateways. */
  readonly discoveryUrl: string;
}

/** The workspace takes the samples of one and drops the same ones of the other. */
const AGENTS = 2;
/** `nobody` of the image. */
const USER = '65534:65534';
/** The image declares it as a volume that belongs to `nobody`, and so does Fargate's. */
const FOLDER = '/prometheus';
/**
 * The task's host name, which Prometheus fills in as it starts: each task is a replica of its own. By `cluster` the workspace
 * knows that all send the same samples; it takes those of one, of another when that one is silent for 30 s, and stores no replica.
 */
const REPLICA = '$PROMETHEUS_REPLICA';
/** Scrapes that begin with the interval end before the next one. */
const TIMEOUT_SHARE = 0.8;

/** Two Prometheus in agent mode, each of which scrapes all gateways and sends everything to the workspace. */
export class PrometheusAgents extends Construct {
  readonly service: FargateService;
  readonly task: FargateTask;

  constructor(scope: Construct, id: string, { config, network, workspace, ...props }: PrometheusAgentsProps) {
    super(scope, id);
    const { prometheus, scrapeIntervalSeconds } = config.gateway;
    const size = agentSize({ series: prometheus.series, scrapeIntervalSeconds });
    if (size === undefined) throw new Error('gateway.prometheus.series is more than one task of Fargate takes');
    this.task = new FargateTask(this, 'Task', {
      config,
      name: 'prometheus',
      image: props.image,
      size,
      ...(size.storageGiB !== undefined && { storageGiB: size.storageGiB }),
      user: USER,
      writableFolder: FOLDER,
      environment: {
        PROMETHEUS_CONFIG: configOf({ config, workspace, discoveryUrl: props.discoveryUrl }),
      },
      command: FLAGS,
      healthCheck: {
        command: ['CMD', 'wget', '-q', '-T', '3', '-O', '/dev/null', 'http://127.0.0.1:9090/-/healthy'],
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
    });
    Grant.addToPrincipal({
      grantee: this.task.definition.taskRole,
      actions: ['aps:RemoteWrite'],
      resourceArns: [workspace.arn],
    });
    this.service = fleetService(this, 'Service', {
      name: 'prometheus',
      cluster: props.cluster,
      task: this.task,
      network,
      securityGroup: network.securityGroups.prometheus,
      desiredCount: AGENTS,
    });
  }
}

/** Without the comments of the file, whose placeholders CloudFormation takes for its own. */
function configOf({
  config,
  workspace,
  discoveryUrl,
}: Pick<PrometheusAgentsProps, 'config' | 'workspace' | 'discoveryUrl'>): string {
  const { scrapeIntervalSeconds } = config.gateway;
  const rendered = renderPrometheusConfig({
    scrapeInterval: `${scrapeIntervalSeconds}s`,
    scrapeTimeout: `${Math.floor(scrapeIntervalSeconds * TIMEOUT_SHARE)}s`,
    discoveryUrls: [discoveryUrl],
    externalLabels: { cluster: `proxywatch-${config.stage}`, __replica__: REPLICA },
    remoteWrite: { url: `${workspace.url}/api/v1/remote_write`, region: Aws.REGION },
  });
  return rendered.replace(/^\s*(#.*)?\n/gm, '');
}

/** To infra/prometheus/agent/start-agent.sh: what the workspace does not take is kept for an hour, and then it is old. */
const FLAGS = [
  `--storage.agent.retention.max-time=${WAL_KEPT_SECONDS}s`,
  `--storage.agent.wal-truncate-frequency=${WAL_TRUNCATED_SECONDS}s`,
];
