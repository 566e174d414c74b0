import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createKafkaClient, type KafkaClient } from '@proxywatch/core/drivers/kafka/kafka-client';
import { untilAborted } from '@proxywatch/core/drivers/until-aborted';
import type { Log } from '@proxywatch/core/ports/log';

export interface FollowOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly fromBeginning: boolean;
  /** Ends it: `followTopic` resolves. */
  readonly signal: AbortSignal;
  /** One event; the next one waits for it. */
  readonly onValue: (value: string) => void | Promise<void>;
  /** What to tell whoever waits. */
  readonly onNote: (note: string) => void;
}

/** Where to go on in each partition. Those that are not here begin with the oldest event that they have. */
type Positions = Map<number, bigint>;
type Kafka = KafkaClient['kafka'];

/** Kafka answers within this time, even when it has nothing. */
const FETCH_MS = 300;
const REQUEST_TIMEOUT_MS = 3_000;
/** How long leaving may take. */
const GOODBYE_MS = 300;
const PAUSE_MS = 1_000;
/** The client's own words are for logs; what matters comes as notes. */
const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * Reads a topic as it grows. Events that came while this was starting, or while Kafka was away, are among them, and none
 * comes twice. Joins a group of its own and stores no offsets, so it leaves nothing behind. Rejects when Kafka cannot be
 * reached at the start.
 */
export async function followTopic(options: FollowOptions): Promise<void> {
  const { topic, fromBeginning, signal, onNote } = options;
  let positions: Positions | undefined = fromBeginning ? new Map() : undefined;
  let isJoined = false;
  let isAway = false;
  const onJoin = () => {
    if (isAway) onNote('kafka is back');
    else if (!isJoined) onNote(`waiting for events in ${topic}`);
    [isJoined, isAway] = [true, false];
  };
  while (!signal.aborted) {
    try {
      await withKafka(options, async (kafka) => {
        positions ??= await fetchEnds(kafka, topic);
        await consume(kafka, positions, onJoin, options);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!isJoined) throw error;
      if (!isAway) onNote(`kafka is away, trying again: ${messageOf(error)}`);
      isAway = true;
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A client for one attempt: after a failure everything begins anew, the group too, which would wait for its lost member. */
async function withKafka({ brokers, signal }: FollowOptions, use: (kafka: Kafka) => Promise<void>): Promise<void> {
  const settings = { retries: 1, requestTimeoutMs: REQUEST_TIMEOUT_MS, consumes: true };
  const client = await createKafkaClient({ brokers, ...settings, log: SILENT });
  const used = use(client.kafka);
  try {
    await untilAborted(used, signal);
  } finally {
    // One that is ended from outside may say good-bye.
    await within(2 * GOODBYE_MS, used);
    client.destroy();
  }
}

/** Reads until it fails or the signal aborts. */
async function consume(
  kafka: Kafka,
  positions: Positions,
  onJoin: () => void,
  { topic, signal, onValue }: FollowOptions,
): Promise<void> {
  const consumer = kafka.consumer({
    groupId: `proxywatch-tail-${randomUUID()}`,
    maxWaitTimeInMs: FETCH_MS,
    retry: { retries: 0, restartOnFailure: async () => false },
  });
  const ended = Promise.withResolvers<never>();
  // It may fail before anybody waits for it.
  ended.promise.catch(() => undefined);
  consumer.on('consumer.crash', ({ payload: { error } }) => ended.reject(error));
  consumer.on('consumer.group_join', () => {
    // The group has no offsets: by itself it would begin at the beginning.
    for (const [partition, offset] of positions) consumer.seek({ topic, partition, offset: `${offset}` });
    onJoin();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, value } }) => {
        const at = BigInt(offset);
        if (signal.aborted || at < (positions.get(partition) ?? 0n)) return;
        await onValue(value?.toString() ?? '');
        positions.set(partition, at + 1n);
      },
    });
    await untilAborted(ended.promise, signal);
  } finally {
    await within(GOODBYE_MS, consumer.disconnect());
  }
}

/** Behind the last event of each partition; of a topic that is not there yet, all is new. */
async function fetchEnds(kafka: Kafka, topic: string): Promise<Positions> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  } catch (error) {
    if (!messageOf(error).includes('does not host this topic-partition')) throw error;
    return new Map();
  } finally {
    await within(GOODBYE_MS, admin.disconnect());
  }
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  await untilAborted(promise, AbortSignal.timeout(ms)).catch(() => undefined);
}
