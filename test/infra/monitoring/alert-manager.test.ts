import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { stageConfigOf } from '../../../infra/aws/config.ts';
import { metricsWorkspace } from '../../../infra/aws/constructs/metrics-workspace.ts';
import { alertManagerDefinition } from '../../../infra/aws/constructs/monitoring/alert-manager.ts';

const ARN = 'arn:aws:sns:eu-central-1:123456789012:proxywatch-dev-alarms';
const definition = alertManagerDefinition(ARN, 'eu-central-1');

describe('the alert manager of the workspace', () => {
  test('stands as one block below the key that Amazon Managed Prometheus reads', () => {
    const [key, ...block] = definition.trimEnd().split('\n');
    expect(key).toBe('alertmanager_config: |');
    expect(block.every((line) => line.startsWith('  '))).toBe(true);
  });

  test('sends every alert to the topic, signed for its region, and says when it is over', () => {
    expect(definition.match(/receiver: .*/g)).toEqual(['receiver: alarms']);
    expect(definition).toContain(`- topic_arn: ${ARN}`);
    expect(definition).toContain('region: eu-central-1');
    expect(definition).toContain('send_resolved: true');
  });

  test('names the section of the runbooks, which is the name of the alert that it groups by', () => {
    expect(definition).toContain('group_by: [alertname, namespace]');
    expect(definition).toContain('docs/runbooks.md, section {{ .CommonLabels.alertname }}');
  });

  test('is a property of the workspace, and sends to the topic that the alarms of its stage have', () => {
    const stack = new Stack(new App(), 'data');
    metricsWorkspace(stack, stageConfigOf({ stage: 'dev' }));
    const [workspace] = Object.values(Template.fromStack(stack).findResources('AWS::APS::Workspace'));
    const text = JSON.stringify(workspace?.Properties.AlertManagerDefinition);
    expect(text).toContain(':proxywatch-dev-alarms');
    expect(text).toContain('{"Ref":"AWS::AccountId"}');
  });
});
