import { readFileSync } from 'node:fs';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnRuleGroupsNamespace } from 'aws-cdk-lib/aws-aps';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { AlarmTopic } from '../constructs/monitoring/alarm-topic.ts';
import { watchApi } from '../constructs/monitoring/api-alarms.ts';
import { createDashboard } from '../constructs/monitoring/dashboard.ts';
import { apiRow, gatewayRow, scannerRow } from '../constructs/monitoring/dashboard-rows.ts';
import { watchDeadLetters } from '../constructs/monitoring/dead-letter-alarms.ts';
import { watchGateways, watchWorkspace } from '../constructs/monitoring/gateway-alarms.ts';
import { ScannerAlarms } from '../constructs/monitoring/scanner-alarms.ts';
import { StageAlarms } from '../constructs/monitoring/stage-alarms.ts';
import { watchDcdb, watchRedis } from '../constructs/monitoring/store-alarms.ts';
import { moneyRow, storeRow } from '../constructs/monitoring/store-rows.ts';
import type { ObservedApi, ObservedData, ObservedFunction, ObservedGateway, ObservedScanner } from './contracts.ts';

export interface MonitoringStackProps extends StackProps {
  readonly config: StageConfig;
  readonly data: ObservedData;
  readonly api: ObservedApi;
  readonly scanner: ObservedScanner;
  readonly gateway: ObservedGateway;
}

const RULES = new URL('../../prometheus/rules.yml', import.meta.url);

/**
 * Who watches: alarms of CloudWatch for everything of AWS, rules of Prometheus for proxies and gateways, one topic for both, and a
 * dashboard. Each alarm and each alert is a section of docs/runbooks.md.
 */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, { config, data, api, scanner, gateway, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    const { workspace } = data.stores;
    const [dispatch, collect, control] = [
      functionOf(scanner.observed, 'scanner-dispatch'),
      functionOf(scanner.observed, 'scanner-collect'),
      functionOf(api.observed, 'control-operate'),
    ];
    const topic = new AlarmTopic(this, 'Alarms', { config, workspace });
    const alarms = new StageAlarms(this, 'AlarmsOf', { stage: config.stage, topic });

    const own = new ScannerAlarms(this, 'Scanner', { config, alarms, dispatch, collect });
    watchDeadLetters(alarms, config.stage, [...scanner.deadLetterQueueNames, ...(api.deadLetterQueueNames ?? [])]);
    watchApi(alarms, { api, control, unreserved: [...api.observed, dispatch] });
    watchGateways(alarms, gateway, config.gateway);
    this.#watchStores(alarms, config, data);
    if (workspace.isOurs) {
      watchWorkspace(alarms, workspace);
      new CfnRuleGroupsNamespace(this, 'Rules', {
        name: 'proxywatch',
        workspace: workspace.arn,
        data: readFileSync(RULES, 'utf8'),
      });
    }

    createDashboard(this, 'Dashboard', {
      stage: config.stage,
      alarms,
      rows: [
        scannerRow({ config, scanner, own, dispatch, collect }),
        gatewayRow(gateway, config, data.stores),
        apiRow(api, control),
        storeRow(data, config),
        moneyRow({
          data,
          functions: [collect, dispatch, control],
          logGroups: [collect.logGroupName, ...gateway.services.map(({ logGroupName }) => logGroupName)],
        }),
      ],
    });
    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
  }

  /** Stores that were there before us have watchers of their own. */
  #watchStores(alarms: StageAlarms, { data: settings }: StageConfig, data: ObservedData): void {
    if (data.dcdbClusterId !== undefined && 'maxAcu' in settings.dcdb)
      watchDcdb(alarms, data.dcdbClusterId, settings.dcdb);
    if (data.redisCacheName !== undefined && 'maxStorageGb' in settings.redis)
      watchRedis(alarms, data.redisCacheName, settings.redis);
  }
}

function functionOf(observed: readonly ObservedFunction[], name: string): ObservedFunction {
  const found = observed.find((one) => one.name.endsWith(`-${name}`));
  if (found === undefined) throw new Error(`none of ${observed.map((one) => one.name).join(', ')} is ${name}`);
  return found;
}
