import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { ProxywatchError } from '../../domain/errors.ts';
import { withinTime } from '../lambda/within-time.ts';
import { createKafkaClient, type KafkaClientOptions } from './kafka-client.ts';
import { kafkaError } from './kafka-error.ts';

export interface TopicSettings {
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface EnsureTopicsOptions extends KafkaClientOptions {
  /** For all of it, connecting included. @default 60000 */
  readonly timeoutMs?: number;
}

/** The broker decides: what the cluster is set to is right for the number of its brokers. */
const REPLICATION_OF_THE_CLUSTER = -1;
const CREATE_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 100;

/**
 * Creates the topics that are missing, and answers their names; what is there stays as it is, for partitions and retention
 * may have been changed by people. Two at once create each topic once. Rejects with SINK_UNAVAILABLE or SINK_REFUSED.
 */
export async function ensureTopics(
  { timeoutMs = 60_000, ...options }: EnsureTopicsOptions,
  topics: readonly string[],
  settings: TopicSettings,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const client = await createKafkaClient(options);
  try {
    const admin = client.kafka.admin();
    const timedOut = () => new ProxywatchError('SINK_UNAVAILABLE', `kafka: no answer within ${timeoutMs} ms`);
    const create = (limit: AbortSignal) => createMissing(admin, topics, settings, options.retries ?? 4, limit);
    return await withinTime(create, timeoutMs, signal, timedOut);
  } catch (error) {
    signal?.throwIfAborted();
    throw topicError(error);
  } finally {
    // Its goodbye would wait for answers; nothing is under way that anybody needs.
    client.destroy();
  }
}

/** The client tries no answer about a single topic again, not even that another broker leads now. */
async function createMissing(
  admin: Admin,
  topics: readonly string[],
  settings: TopicSettings,
  retries: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  await admin.connect();
  const created = new Set<string>();
  for (let attempt = 0; ; attempt++) {
    const there = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !there.has(topic));
    for (const topic of missing) created.add(topic);
    if (missing.length === 0) return topics.filter((topic) => created.has(topic));
    try {
      await admin.createTopics(requestOf(missing, settings));
      return topics.filter((topic) => created.has(topic));
    } catch (error) {
      if (attempt >= retries || !answersOf(error).some(mayPass)) throw error;
      await delay(FIRST_PAUSE_MS * 2 ** attempt, undefined, { signal });
    }
  }
}

function requestOf(
  topics: readonly string[],
  { partitions, retentionMs }: TopicSettings,
): Parameters<Admin['createTopics']>[0] {
  const configEntries = [{ name: 'retention.ms', value: `${retentionMs}` }];
  return {
    topics: topics.map((topic) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: REPLICATION_OF_THE_CLUSTER,
      configEntries,
    })),
    timeout: CREATE_TIMEOUT_MS,
    waitForLeaders: true,
  };
}

/** The client gathers the answers for several topics in one error that says nothing itself. */
function topicError(error: unknown): ProxywatchError {
  if (error instanceof ProxywatchError) return error;
  const [first, ...others] = answersOf(error);
  if (first === undefined) return kafkaError(error);
  const told = [first, ...others].map(
    (one) => `${'topic' in one ? `topic ${one.topic}: ` : ''}${kafkaError(one).message}`,
  );
  return new ProxywatchError(kafkaError(first).code, told.join('; '));
}

function answersOf(error: unknown): readonly object[] {
  const errors = typeof error === 'object' && error !== null && 'errors' in error ? error.errors : undefined;
  return Array.isArray(errors) ? errors : [];
}

function mayPass(answer: object): boolean {
  return 'retriable' in answer && answer.retriable === true;
}
