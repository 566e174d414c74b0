import { App } from 'aws-cdk-lib';
import { stageConfigOf } from './config.ts';
import { NetworkStack } from './stacks/network-stack.ts';

const app = new App();
const config = stageConfigOf({
  stage: app.node.tryGetContext('stage'),
  stageFile: app.node.tryGetContext('stageFile'),
});

new NetworkStack(app, `proxywatch-${config.stage}-network`, {
  config,
  description: 'Proxywatch: where everything stands, and who may talk to whom',
});
