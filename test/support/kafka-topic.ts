import { randomUUID } from 'node:crypto';
import { createKafkaClient } from '@proxywatch/core/drivers/kafka/kafka-client';
import type { Log } from '@proxywatch/core/ports/log';
import type { IHeaders } from 'kafkajs';
import { until } from './until.ts';

export interface ReadMessage {
  readonly partition: number;
  readonly key: string | undefined;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the batch that it came in, as the broker holds it. */
  readonly timestamp: string;
}

const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** All messages of a topic, once there are at least so many, or one of each of these events. */
export async function readTopic(
  brokers: string,
  topic: string,
  wanted: number | readonly string[],
): Promise<readonly ReadMessage[]> {
  const { kafka, destroy } = await createKafkaClient({ brokers: brokers.split(','), consumes: true, log: SILENT });
  const retry = { restartOnFailure: async () => false };
  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100, retry });
  const messages: ReadMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { key, value, headers, timestamp } }) => {
        messages.push({
          partition,
          key: key?.toString(),
          value: String(value),
          headers: textsOf(headers),
          timestamp,
        });
      },
    });
    const isThere = (eventId: string) => messages.some(({ headers }) => headers['event-id'] === eventId);
    const areAllThere = () => (typeof wanted === 'number' ? messages.length >= wanted : wanted.every(isThere));
    await until(`${topic} has ${wanted}`, areAllThere, 30_000);
    return messages;
  } finally {
    await consumer.disconnect();
    destroy();
  }
}

function textsOf(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
