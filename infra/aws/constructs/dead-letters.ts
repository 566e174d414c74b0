import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/**
 * A queue for what could not be done, which nobody works on but people: encrypted, over TLS alone, and kept as long as SQS keeps
 * anything. An alarm tells of the first message, docs/runbooks.md what to do with it.
 */
export function createDeadLetters(scope: Construct, id: string, queueName: string): Queue {
  const queue = new Queue(scope, id, {
    queueName,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'it is a dead-letter queue itself: nothing receives from it and fails',
  });
  return queue;
}
