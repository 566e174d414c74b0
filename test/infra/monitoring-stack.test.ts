import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { stageConfigOf } from '../../infra/aws/config.ts';
import { MonitoringStack } from '../../infra/aws/stacks/monitoring-stack.ts';

const templateOf = (stage: string) =>
  Template.fromStack(new MonitoringStack(new App(), 'monitoring', { config: stageConfigOf({ stage }) }));

describe('the monitoring stack', () => {
  test('has a workspace that keeps samples as long as the stage says', () => {
    templateOf('prod').hasResourceProperties('AWS::APS::Workspace', {
      WorkspaceConfiguration: { RetentionPeriodInDays: 150 },
    });
  });

  test('keeps the samples of production when it is destroyed, and only those', () => {
    templateOf('prod').hasResource('AWS::APS::Workspace', { DeletionPolicy: 'Retain' });
    templateOf('dev').hasResource('AWS::APS::Workspace', { DeletionPolicy: 'Delete' });
  });

  test('brings the rules that local runs use', () => {
    templateOf('dev').hasResourceProperties('AWS::APS::RuleGroupsNamespace', {
      Data: Match.stringLikeRegexp('alert: ProxyDown'),
    });
  });

  test('keeps no log for ever', () => {
    templateOf('dev').allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });
});

test('an unknown stage is refused by name', () => {
  expect(() => stageConfigOf({ stage: 'qa' })).toThrow('stage "qa" is unknown, there is dev, prod');
});
