import { readFileSync } from 'node:fs';
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnRuleGroupsNamespace, CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';

export interface MonitoringStackProps extends StackProps {
  readonly config: StageConfig;
}

const RULES = new URL('../../prometheus/rules.yml', import.meta.url);

/** The Prometheus workspace that gateways' series are written to, and the rules that watch them. */
export class MonitoringStack extends Stack {
  readonly workspace: CfnWorkspace;

  constructor(scope: Construct, id: string, { config, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    const logs = new LogGroup(this, 'WorkspaceLogs', {
      logGroupName: `/aws/vendedlogs/prometheus/proxywatch-${config.stage}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.workspace = new CfnWorkspace(this, 'Workspace', {
      alias: `proxywatch-${config.stage}`,
      loggingConfiguration: { logGroupArn: logs.logGroupArn },
      ...('retentionDays' in config.data.metrics && {
        workspaceConfiguration: { retentionPeriodInDays: config.data.metrics.retentionDays },
      }),
    });
    // Samples outlive the stack in production: a mistaken destroy must not take the history along.
    this.workspace.applyRemovalPolicy(config.stage === 'prod' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    new CfnRuleGroupsNamespace(this, 'Rules', {
      name: 'proxywatch',
      workspace: this.workspace.attrArn,
      data: readFileSync(RULES, 'utf8'),
    });
    new CfnOutput(this, 'WorkspaceArn', { value: this.workspace.attrArn });
    new CfnOutput(this, 'PrometheusEndpoint', { value: this.workspace.attrPrometheusEndpoint });
  }
}
