import { App } from 'aws-cdk-lib';
import { stageConfigOf } from './config.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';

const app = new App();
const config = stageConfigOf({
  stage: app.node.tryGetContext('stage'),
  stageFile: app.node.tryGetContext('stageFile'),
});

new MonitoringStack(app, `proxywatch-${config.stage}-monitoring`, {
  config,
  description: 'Proxywatch: the Prometheus workspace and its rules',
});
