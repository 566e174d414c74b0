import { App } from 'aws-cdk-lib';
import { stageConfigOf } from './config.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';

const app = new App();
const config = stageConfigOf(String(app.node.tryGetContext('stage') ?? 'dev'));

new MonitoringStack(app, `proxywatch-${config.stage}-monitoring`, {
  config,
  description: 'Proxywatch: the Prometheus workspace and its rules',
});
