import { queueMetric } from './metrics.ts';
import type { StageAlarms } from './stage-alarms.ts';

/** Messages in any of these queues, until somebody has seen to them. */
export function watchDeadLetters(alarms: StageAlarms, stage: string, queues: readonly string[]): void {
  for (const queue of queues)
    alarms.add({
      name: 'DeadLetters',
      of: queue.replace(`proxywatch-${stage}-`, ''),
      severity: 'warning',
      says: `There are messages in ${queue}, about what could not be done. Read them, repeat what is worth it, and purge the queue.`,
      metric: queueMetric(queue, 'ApproximateNumberOfMessagesVisible', { statistic: 'Maximum', minutes: 5 }),
      when: '>=',
      threshold: 1,
      during: [1, 1],
      // Of a queue that has been empty for hours SQS tells nothing.
      missing: 'notBreaching',
    });
}
