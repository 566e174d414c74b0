import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';

/**
 * A queue for what could not be done, which nobody works on but people: encrypted, over TLS alone, and kept as long as SQS keeps
 * anything. An alarm tells of the first message, docs/runbooks.md what to do with it.
 */
export class DeadLetters extends Queue {
  readonly #name: string;

  constructor(scope: Construct, id: string, queueName: string) {
    super(scope, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.#name = queueName;
    acknowledge(this, { SQS3: 'it is a dead-letter queue itself: nothing receives from it and fails' });
  }

  /** As it is written, not by reference: an alarm in another stack must not hold on to this one. */
  override get queueName(): string {
    return this.#name;
  }
}

export function createDeadLetters(scope: Construct, id: string, queueName: string): DeadLetters {
  return new DeadLetters(scope, id, queueName);
}
