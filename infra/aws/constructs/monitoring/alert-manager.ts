import { Aws } from 'aws-cdk-lib';

/** Of the topic that CloudWatch's alarms and Prometheus' alerts go to. */
export const alarmTopicName = (stage: string): string => `proxywatch-${stage}-alarms`;

/**
 * ARN of that topic, put together from its name: the workspace's definition of its alert manager is a property of the workspace,
 * which lives with the data, while the topic lives with the alarms, whose stack comes after it. The topic's own policy says which
 * workspace may publish.
 */
export const alarmTopicArn = (stage: string): string =>
  `arn:${Aws.PARTITION}:sns:${Aws.REGION}:${Aws.ACCOUNT_ID}:${alarmTopicName(stage)}`;

/**
 * What Amazon Managed Prometheus does with alerts that fire: one message for all of a kind in a namespace, again after four hours,
 * and one when it is over. Its subject and its last line name the section of docs/runbooks.md.
 * @param topicArn see `alarmTopicArn`
 * @param region of the topic
 */
export function alertManagerDefinition(topicArn: string, region: string): string {
  return `alertmanager_config: |
  route:
    receiver: alarms
    group_by: [alertname, namespace]
    group_wait: 30s
    group_interval: 5m
    repeat_interval: 4h
  inhibit_rules:
    # A proxy that is down is not collected from either, and that is no news.
    - source_matchers: [alertname = ProxyDown]
      target_matchers: [alertname =~ "ProxyNotCollected|ProxyStatisticsWithheld"]
      equal: [proxy]
  receivers:
    - name: alarms
      sns_configs:
        - topic_arn: ${topicArn}
          sigv4:
            region: ${region}
          send_resolved: true
          subject: '{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}{{ with .CommonLabels.namespace }} of {{ . }}{{ end }}'
          message: |
            {{ range .Alerts }}{{ .Status }} since {{ .StartsAt }}: {{ .Annotations.summary }}
            {{ .Annotations.description }}
            {{ end }}
            What to do: docs/runbooks.md, section {{ .CommonLabels.alertname }}
`;
}
