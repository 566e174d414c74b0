import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';

/**
 * Metrics of AWS by the names and dimensions that its services publish them under. A statistic is one of CloudWatch's: `Sum`,
 * `Maximum`, `SampleCount`, `p95`, …
 */
interface Reading {
  readonly statistic: string;
  /** @default 1 */
  readonly minutes?: number;
  readonly label?: string;
}

function read(namespace: string, metricName: string, dimensionsMap: Record<string, string>, reading: Reading): Metric {
  const { statistic, minutes = 1, label } = reading;
  return new Metric({ namespace, metricName, dimensionsMap, statistic, period: Duration.minutes(minutes), label });
}

export const lambdaMetric = (FunctionName: string, name: string, reading: Reading) =>
  read('AWS/Lambda', name, { FunctionName }, reading);

export const queueMetric = (QueueName: string, name: string, reading: Reading) =>
  read('AWS/SQS', name, { QueueName }, reading);

export const scheduleMetric = (ScheduleGroup: string, name: string, reading: Reading) =>
  read('AWS/Scheduler', name, { ScheduleGroup }, reading);

export const apiMetric = (
  api: { readonly apiName: string; readonly stageName: string },
  name: string,
  reading: Reading,
) => read('AWS/ApiGateway', name, { ApiName: api.apiName, Stage: api.stageName }, reading);

/** Over all instances of the cluster. */
export const dcdbMetric = (DBClusterIdentifier: string, name: string, reading: Reading) =>
  read('AWS/RDS', name, { DBClusterIdentifier }, reading);

/** A serverless cache goes by `clusterId`; `CacheClusterId` is for nodes. */
export const redisMetric = (clusterId: string, name: string, reading: Reading) =>
  read('AWS/ElastiCache', name, { clusterId }, reading);

/** MSK Serverless publishes by topic and nothing else. */
export const kafkaMetric = (cluster: string, Topic: string, name: string, reading: Reading) =>
  read('AWS/Kafka', name, { 'Cluster Name': cluster, Topic }, reading);

/** Of Container Insights, which the cluster has switched on. */
export const serviceMetric = (ClusterName: string, ServiceName: string, name: string, reading: Reading) =>
  read('ECS/ContainerInsights', name, { ClusterName, ServiceName }, reading);

/** `IngestionRate` (samples per second) or `ActiveSeries`, each a resource that AWS counts every two minutes. */
export const workspaceUsage = (ResourceId: string, Resource: string, reading: Reading) =>
  read(
    'AWS/Usage',
    'ResourceCount',
    { Type: 'Resource', ResourceId, Resource, Service: 'Prometheus', Class: 'None' },
    {
      minutes: 2,
      ...reading,
    },
  );

/** A metric of the workspace that is not there is zero. */
export const workspaceMetric = (
  Workspace: string,
  name: string,
  reading: Reading,
  dimensions: Readonly<Record<string, string>> = {},
) => read('AWS/Prometheus', name, { Workspace, ...dimensions }, reading);

export const logGroupMetric = (LogGroupName: string, name: string, reading: Reading) =>
  read('AWS/Logs', name, { LogGroupName }, reading);

/** Of this system's own log lines. */
export const ownMetric = (
  { namespace, metricName }: { readonly namespace: string; readonly metricName: string },
  reading: Reading,
  dimensions: Readonly<Record<string, string>> = {},
) => read(namespace, metricName, dimensions, reading);

/** Made of others by a formula, minute by minute: what is read over longer would be taken as if it were of one. */
export const computed = (label: string, expression: string, usingMetrics: Record<string, Metric>) =>
  new MathExpression({ label, expression, usingMetrics, period: Duration.minutes(1) });

export const ecpuPerSecond = (cache: string) =>
  computed('Redis: ECPU a second', 'units / 60', {
    units: redisMetric(cache, 'ElastiCacheProcessingUnits', { statistic: 'Sum' }),
  });
