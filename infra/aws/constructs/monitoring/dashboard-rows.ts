import type { StageConfig } from '../../config.ts';
import type {
  ObservedApi,
  ObservedData,
  ObservedFunction,
  ObservedGateway,
  ObservedScanner,
} from '../../stacks/contracts.ts';
import type { DashboardRow } from './dashboard.ts';
import { graph } from './graph.ts';
import { API_LATENCY_MS, collectsAtOnce, crowdedSeries, LAG_MS } from './limits.ts';
import {
  apiMetric,
  lambdaMetric,
  ownMetric,
  queueMetric,
  scheduleMetric,
  serviceMetric,
  workspaceMetric,
  workspaceUsage,
} from './metrics.ts';
import type { ScannerAlarms } from './scanner-alarms.ts';

export interface ScannerRowProps {
  readonly config: StageConfig;
  readonly scanner: ObservedScanner;
  readonly own: ScannerAlarms;
  readonly dispatch: ObservedFunction;
  readonly collect: ObservedFunction;
}

export function scannerRow({ config, scanner, own, dispatch, collect }: ScannerRowProps): DashboardRow {
  const failed = (name: string, label: string) => lambdaMetric(name, 'Errors', { statistic: 'Sum', label });
  return {
    title: 'Scanner',
    reading: 'a tick each minute, sent within seconds; nothing failed, nothing throttled, no letters',
    graphs: [
      graph({
        title: 'Lag of a tick, and proxies that were due',
        unit: 'ms, proxies',
        lines: [
          ownMetric(own.lag, { statistic: 'Maximum', label: 'sent after (ms)' }),
          ownMetric(own.due, { statistic: 'Maximum', label: 'proxies due' }),
        ],
        limit: LAG_MS,
      }),
      graph({
        title: 'Invocations of collect at once',
        unit: 'invocations',
        lines: [
          lambdaMetric(collect.name, 'ConcurrentExecutions', { statistic: 'Maximum', label: 'at once' }),
          lambdaMetric(collect.name, 'Throttles', { statistic: 'Sum', label: 'throttled' }),
        ],
        limit: collectsAtOnce(config.scanner.concurrency),
      }),
      graph({
        title: 'What failed',
        unit: 'a minute',
        lines: [
          failed(dispatch.name, 'dispatch'),
          failed(collect.name, 'collect'),
          ownMetric(own.sinkAway, { statistic: 'Sum', label: 'DCDB away' }, { sink: 'dcdb' }),
          ownMetric(own.sinkAway, { statistic: 'Sum', label: 'Kafka away' }, { sink: 'kafka' }),
          scheduleMetric(scanner.scheduleGroupName, 'TargetErrorCount', { statistic: 'Sum', label: 'schedule' }),
        ],
      }),
      graph({
        title: 'Dead letters',
        unit: 'messages',
        lines: scanner.deadLetterQueueNames.map((name) =>
          queueMetric(name, 'ApproximateNumberOfMessagesVisible', { statistic: 'Maximum', minutes: 5 }),
        ),
        limit: 1,
      }),
    ],
  };
}

export function gatewayRow(
  { clusterName, services, seriesMetric }: ObservedGateway,
  { gateway }: StageConfig,
  { workspace }: ObservedData['stores'],
): DashboardRow {
  const tasks = services.flatMap(({ name }) => [
    serviceMetric(clusterName, name, 'RunningTaskCount', { statistic: 'Average' }),
    serviceMetric(clusterName, name, 'DesiredTaskCount', { statistic: 'Average' }),
  ]);
  return {
    title: 'Gateways and Prometheus',
    reading: 'as many tasks as desired, series below the line, samples flowing without gaps',
    graphs: [
      graph({ title: 'Tasks', unit: 'tasks', lines: tasks }),
      graph({
        title: 'Series of a gateway',
        unit: 'series',
        lines: [
          ownMetric(seriesMetric, { statistic: 'Maximum', label: 'largest' }),
          ownMetric(seriesMetric, { statistic: 'Average', label: 'mean' }),
        ],
        limit: crowdedSeries(gateway.seriesPerTask),
      }),
      graph({
        title: 'Samples that arrive',
        unit: 'a second',
        lines: [workspaceUsage(workspace.id, 'IngestionRate', { statistic: 'Average', label: 'samples' })],
      }),
      graph({
        title: 'Alerts',
        unit: 'alerts',
        lines: [
          workspaceUsage(workspace.id, 'ActiveAlerts', { statistic: 'Maximum', label: 'active' }),
          workspaceMetric(workspace.id, 'AlertManagerNotificationsFailed', {
            statistic: 'Sum',
            minutes: 5,
            label: 'not delivered',
          }),
        ],
      }),
    ],
  };
}

export function apiRow(api: ObservedApi, control: ObservedFunction): DashboardRow {
  return {
    title: 'API and changes of proxies',
    reading: 'no 5xx; control is invoked each minute even when there is nothing to do',
    graphs: [
      graph({
        title: 'Requests',
        unit: 'a minute',
        lines: [
          apiMetric(api, 'Count', { statistic: 'Sum', label: 'all' }),
          apiMetric(api, '4XXError', { statistic: 'Sum', label: '4xx: callers' }),
          apiMetric(api, '5XXError', { statistic: 'Sum', label: '5xx: us' }),
        ],
      }),
      graph({
        title: 'Latency',
        unit: 'ms',
        lines: [
          apiMetric(api, 'Latency', { statistic: 'p50', minutes: 5, label: 'half' }),
          apiMetric(api, 'Latency', { statistic: 'p95', minutes: 5, label: '19 of 20' }),
        ],
        limit: API_LATENCY_MS,
      }),
      graph({
        title: 'Functions of the API',
        unit: 'errors a minute',
        lines: api.observed
          .filter(({ name }) => name !== control.name)
          .map(({ name }) => lambdaMetric(name, 'Errors', { statistic: 'Sum' })),
      }),
      graph({
        title: 'Control',
        unit: 'a minute',
        lines: [
          lambdaMetric(control.name, 'Invocations', { statistic: 'Sum', label: 'invocations' }),
          lambdaMetric(control.name, 'Errors', { statistic: 'Sum', label: 'errors' }),
        ],
      }),
    ],
  };
}
