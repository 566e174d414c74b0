import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { DeadLetters } from '../../ports/collect-invoker.ts';
import { withinTime } from '../lambda/within-time.ts';
import { deadLetterText } from './dead-letter.ts';

export interface SqsDeadLettersOptions {
  readonly queueUrl: string;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** What differs from the environment: region, endpoint, credentials. */
  readonly client?: Pick<SQSClientConfig, 'region' | 'endpoint' | 'credentials'>;
}

export interface SqsDeadLetters extends DeadLetters {
  /** Ends the connections. */
  close(): void;
}

/** Dead letters in a queue of SQS, one message each. */
export function createSqsDeadLetters({ queueUrl, timeoutMs = 5_000, client }: SqsDeadLettersOptions): SqsDeadLetters {
  const sqs = new SQSClient({ ...client, maxAttempts: 2, requestHandler: { connectionTimeout: timeoutMs } });
  return {
    async send(request, reason, signal) {
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: deadLetterText(request, reason) });
      const send = (abortSignal: AbortSignal) => sqs.send(command, { abortSignal });
      try {
        await withinTime(send, timeoutMs, signal, () => new Error(`no answer within ${timeoutMs} ms`));
      } catch (error) {
        signal?.throwIfAborted();
        throw new ProxywatchError('SINK_UNAVAILABLE', `dead letters in ${queueUrl}: ${messageOf(error)}`);
      }
    },
    close: () => sqs.destroy(),
  };
}
