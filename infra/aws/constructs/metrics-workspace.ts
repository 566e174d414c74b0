import { Aws, type Stack } from 'aws-cdk-lib';
import { CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import type { StageConfig } from '../config.ts';
import type { Workspace } from '../stacks/contracts.ts';
import { alarmTopicArn, alertManagerDefinition } from './monitoring/alert-manager.ts';
import { removalOf } from './removal.ts';
import { StageLogGroup } from './stage-log-group.ts';

/** The workspace of Amazon Managed Prometheus, ours or one that is there. */
export function metricsWorkspace(stack: Stack, config: StageConfig): Workspace {
  const { metrics } = config.data;
  if ('workspaceId' in metrics) {
    const arn = stack.formatArn({ service: 'aps', resource: 'workspace', resourceName: metrics.workspaceId });
    return { arn, id: metrics.workspaceId, url: urlOf(metrics.workspaceId), isOurs: false };
  }
  const logs = new StageLogGroup(stack, 'WorkspaceLogs', {
    config,
    // Below this prefix AWS writes with one policy for all groups, of which an account has room for ten.
    logGroupName: `/aws/vendedlogs/prometheus/proxywatch-${config.stage}`,
  });
  const workspace = new CfnWorkspace(stack, 'Workspace', {
    alias: `proxywatch-${config.stage}`,
    alertManagerDefinition: alertManagerDefinition(alarmTopicArn(config.stage), Aws.REGION),
    loggingConfiguration: { logGroupArn: logs.logGroupArn },
    workspaceConfiguration: {
      retentionPeriodInDays: metrics.retentionDays,
      limitsPerLabelSets: [
        ...Object.entries(metrics.seriesPerNamespace).map(([value, maxSeries]) => limit(maxSeries, value)),
        limit(metrics.seriesOfOthers),
      ],
    },
  });
  workspace.applyRemovalPolicy(removalOf(config));
  const { attrArn: arn, attrWorkspaceId: id } = workspace;
  return { arn, id, url: urlOf(id), isOurs: true };
}

/** Series without a limit of their own match the empty set of labels. */
function limit(maxSeries: number, namespace?: string): CfnWorkspace.LimitsPerLabelSetProperty {
  return { labelSet: namespace === undefined ? [] : [{ name: 'namespace', value: namespace }], limits: { maxSeries } };
}

function urlOf(workspaceId: string): string {
  return `https://aps-workspaces.${Aws.REGION}.${Aws.URL_SUFFIX}/workspaces/${workspaceId}`;
}
