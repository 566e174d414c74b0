import type { StageConfig } from '../../config.ts';
import type { ObservedGateway, Workspace } from '../../stacks/contracts.ts';
import { crowdedSeries } from './limits.ts';
import { computed, ownMetric, serviceMetric, workspaceMetric, workspaceUsage } from './metrics.ts';
import type { StageAlarms } from './stage-alarms.ts';

/** In the order of `ObservedGateway.services`. */
export const SERVICES = ['gateway', 'prometheus'] as const;
/** Reasons of Amazon Managed Prometheus for which a sample of ours may be refused. */
const DISCARDED = [
  'per_labelset_series_limit',
  'per_user_series_limit',
  'rate_limited',
  'label_value_too_long',
] as const;

/** Watches the tasks of gateways and of the agents that scrape them. */
export function watchGateways(
  alarms: StageAlarms,
  { clusterName, services, seriesMetric }: ObservedGateway,
  { seriesPerTask }: Pick<StageConfig['gateway'], 'seriesPerTask'>,
): void {
  for (const [i, { name }] of services.entries())
    alarms.add({
      name: 'TasksMissing',
      of: SERVICES[i] ?? `${i}`,
      severity: 'critical',
      says: 'Fewer tasks run than should, for longer than a deployment takes. The events of the service tell why they do not start or do not stay.',
      metric: computed('missing tasks', 'desired - running', {
        desired: serviceMetric(clusterName, name, 'DesiredTaskCount', { statistic: 'Average' }),
        running: serviceMetric(clusterName, name, 'RunningTaskCount', { statistic: 'Average' }),
      }),
      when: '>',
      threshold: 0,
      during: [10, 10],
      // Container Insights tells of a service as long as there is one.
      missing: 'breaching',
    });
  alarms.add({
    name: 'GatewaysSilent',
    severity: 'critical',
    says: 'No gateway has said for three minutes what it has: there is none, or all of them hang. Look at the service and its log.',
    metric: ownMetric(seriesMetric, { statistic: 'SampleCount' }),
    when: '<',
    threshold: 1,
    during: [3, 3],
    // Each says it once a minute.
    missing: 'breaching',
  });
  alarms.add({
    name: 'GatewaysCrowded',
    severity: 'warning',
    says: 'Gateways have a fifth more series than autoscaling aims at: it has come to gateway.tasks.max, or new tasks do not start. Raise it, or lower gateway.digestTopN.',
    metric: ownMetric(seriesMetric, { statistic: 'Average', minutes: 5 }),
    when: '>',
    threshold: crowdedSeries(seriesPerTask),
    during: [6, 6],
    // GatewaysSilent tells of silence.
    missing: 'notBreaching',
  });
}

/** Watches a workspace of our own: whether samples arrive, whether rules run, and whether alerts get away. */
export function watchWorkspace(alarms: StageAlarms, { id }: Pick<Workspace, 'id'>): void {
  alarms.add({
    name: 'SamplesNotArriving',
    severity: 'critical',
    says: 'Nothing is written to the Prometheus workspace, so no alert of it can fire: both agents are gone or may not write. Look at the log of the service prometheus.',
    metric: workspaceUsage(id, 'IngestionRate', { statistic: 'Maximum' }),
    when: '<=',
    threshold: 0,
    during: [5, 5],
    // A metric of the workspace that is missing is zero.
    missing: 'breaching',
  });
  for (const reason of DISCARDED)
    alarms.add({
      name: 'SamplesDiscarded',
      of: reason,
      severity: 'warning',
      says: `The Prometheus workspace refuses samples: ${reason}. Series are missing or incomplete.`,
      metric: workspaceMetric(id, 'DiscardedSamples', { statistic: 'Sum', minutes: 5 }, { Reason: reason }),
      when: '>=',
      threshold: 1,
      during: [2, 3],
      missing: 'notBreaching',
    });
  alarms.add({
    name: 'RulesFailing',
    severity: 'critical',
    says: 'Rules of the Prometheus workspace cannot be evaluated, so their alerts do not fire. The log of the workspace has the reason.',
    metric: workspaceMetric(id, 'RuleEvaluationFailures', { statistic: 'Sum', minutes: 5 }, { RuleGroup: RULE_GROUP }),
    when: '>=',
    threshold: 1,
    during: [2, 3],
    missing: 'notBreaching',
  });
  alarms.add({
    name: 'AlertsUndelivered',
    severity: 'critical',
    says: 'Alerts of the Prometheus workspace do not get to the topic of alarms. The log of the workspace has the reason.',
    metric: workspaceMetric(id, 'AlertManagerNotificationsFailed', { statistic: 'Sum', minutes: 5 }),
    when: '>=',
    threshold: 1,
    during: [1, 1],
    missing: 'notBreaching',
  });
}

/** Namespace and group, as infra/prometheus/rules.yml and the monitoring stack name them. */
const RULE_GROUP = 'proxywatch;proxywatch';
