// The CDK app: `npx cdk synth`, `npx cdk deploy --all`, each with `-c stage=<name>` or `-c stageFile=<path>`.
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { stageConfigOf } from './config.ts';
import { ROOT } from './packages/bundle.ts';
import { packSystem } from './packages/pack-system.ts';
import { createSystem } from './system.ts';

const app = new App();
try {
  const config = stageConfigOf({
    stage: app.node.tryGetContext('stage'),
    stageFile: app.node.tryGetContext('stageFile'),
  });
  createSystem(app, config, await packSystem(join(ROOT, 'cdk.out/packages')));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
} catch (error) {
  // What is wrong with a configuration is told in words; whoever wants the stack of calls asks for it.
  if (process.env.CDK_DEBUG === 'true') throw error;
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
