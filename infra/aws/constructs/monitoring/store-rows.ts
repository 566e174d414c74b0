import type { IMetric, IWidget, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { StageConfig } from '../../config.ts';
import type { ObservedData, ObservedFunction } from '../../stacks/contracts.ts';
import type { DashboardRow } from './dashboard.ts';
import { graph } from './graph.ts';
import { DCDB_CAPACITY_PERCENT, redisBytes } from './limits.ts';
import {
  computed,
  dcdbMetric,
  ecpuPerSecond,
  kafkaMetric,
  lambdaMetric,
  logGroupMetric,
  redisMetric,
  workspaceUsage,
} from './metrics.ts';

/** The topics of docs/scanner.md. */
const TOPICS = ['proxywatch.slow-sql.v1', 'proxywatch.slow-transactions.v1', 'proxywatch.key-logs.v1'] as const;
const HOUR = 60;

/** What stores of our own say; those that were there before have dashboards of their own. */
export function storeRow(data: ObservedData, { data: { redis } }: StageConfig): DashboardRow {
  const { dcdbClusterId: dcdb, redisCacheName: cache, kafkaClusterName: kafka } = data;
  const graphs: IWidget[] = [];
  if (dcdb !== undefined) graphs.push(...dcdbGraphs(dcdb));
  if (cache !== undefined)
    graphs.push(redisGraph(cache, 'maxStorageGb' in redis ? redisBytes(redis.maxStorageGb) : undefined));
  if (kafka !== undefined)
    graphs.push(
      graph({
        title: 'Kafka: written',
        unit: 'bytes a second',
        lines: TOPICS.map((topic) =>
          kafkaMetric(kafka, topic, 'BytesInPerSec', { statistic: 'Average', label: topic }),
        ),
      }),
    );
  return { title: 'Stores', reading: 'below their limits: what is full refuses writes', graphs };
}

function dcdbGraphs(dcdb: string): readonly IWidget[] {
  const line = (name: string, label: string): Metric => dcdbMetric(dcdb, name, { statistic: 'Maximum', label });
  return [
    graph({
      title: 'DCDB: of what it may have',
      unit: '%',
      lines: [line('ACUUtilization', 'capacity'), line('CPUUtilization', 'processors')],
      limit: DCDB_CAPACITY_PERCENT,
    }),
    graph({
      title: 'DCDB: connections',
      unit: 'connections',
      lines: [line('DatabaseConnections', 'open'), line('Deadlocks', 'deadlocks a second')],
    }),
  ];
}

function redisGraph(cache: string, limit: number | undefined): IWidget {
  return graph({
    title: 'Redis: data, and commands refused',
    unit: 'bytes, commands',
    lines: [
      redisMetric(cache, 'BytesUsedForCache', { statistic: 'Maximum', label: 'bytes' }),
      redisMetric(cache, 'ThrottledCmds', { statistic: 'Sum', label: 'throttled' }),
      redisMetric(cache, 'Evictions', { statistic: 'Sum', label: 'evicted' }),
    ],
    ...(limit !== undefined && { limit }),
  });
}

export interface MoneyRowProps {
  readonly data: ObservedData;
  readonly functions: readonly ObservedFunction[];
  /** Log groups that have most lines. */
  readonly logGroups: readonly string[];
}

/** The metrics that bills are made of, by the hour. docs/aws.md has what each costs, and the levers. */
export function moneyRow({ data, functions, logGroups }: MoneyRowProps): DashboardRow {
  const { dcdbClusterId: dcdb, redisCacheName: cache, stores } = data;
  const graphs: IWidget[] = [
    graph({ title: 'Functions: time that runs', unit: 's a minute', lines: lambdaSeconds(functions) }),
    graph({
      title: 'Prometheus: series',
      unit: 'series',
      lines: [workspaceUsage(stores.workspace.id, 'ActiveSeries', { statistic: 'Maximum', label: 'active' })],
    }),
    graph({
      title: 'Logs: written',
      unit: 'bytes an hour',
      lines: logGroups.map((name) => logGroupMetric(name, 'IncomingBytes', { statistic: 'Sum', minutes: HOUR })),
    }),
  ];
  const capacity: readonly IMetric[] = [
    ...(dcdb === undefined
      ? []
      : [dcdbMetric(dcdb, 'ServerlessDatabaseCapacity', { statistic: 'Average', label: 'DCDB: ACU' })]),
    ...(cache === undefined ? [] : [ecpuPerSecond(cache)]),
  ];
  if (capacity.length > 0)
    graphs.push(graph({ title: 'Stores: capacity', unit: 'ACU, ECPU a second', lines: capacity }));
  return { title: 'Money', reading: 'what is billed by use; look here when it is quiet', graphs };
}

/** Times its memory, that is what Lambda bills. */
function lambdaSeconds(functions: readonly ObservedFunction[]): readonly MathExpression[] {
  return functions.map(({ name }, i) =>
    computed(name, `f${i} / 1000`, { [`f${i}`]: lambdaMetric(name, 'Duration', { statistic: 'Sum' }) }),
  );
}
