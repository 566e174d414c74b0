import { afterEach, describe, expect, test } from '@jest/globals';
import { type EnsureTopicsOptions, ensureTopics } from '@proxywatch/core/drivers/kafka/kafka-topics';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { type FakeKafka, type FakeKafkaOptions, startFakeKafka } from '../../support/fake-kafka.ts';

// Kafka's own numbers.
const [NONE, INVALID_CONFIG, POLICY_VIOLATION, NOT_CONTROLLER, ALREADY_EXISTS] = [0, 40, 44, 41, 36];
const log = { info: () => {}, warn: () => {}, error: () => {} };
const TOPICS = ['a.v1', 'b.v1', 'c.v1'];
const SETTINGS = { partitions: 6, retentionMs: 604_800_000 };

const running: FakeKafka[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function start(options: FakeKafkaOptions = {}): Promise<FakeKafka> {
  const kafka = await startFakeKafka(options);
  running.push(kafka);
  return kafka;
}
const ensure = (address: string, options: Partial<EnsureTopicsOptions> = {}) =>
  ensureTopics({ brokers: [address], log, ...options }, TOPICS, SETTINGS);

describe('topics', () => {
  test('that are missing are created, with as many copies as the cluster is set to', async () => {
    const kafka = await start({ topics: ['b.v1', 'of-others'] });
    expect(await ensure(kafka.address)).toEqual(['a.v1', 'c.v1']);
    const settings = { partitions: 6, replicas: -1, config: { 'retention.ms': '604800000' } };
    expect(kafka.created).toEqual([
      { topic: 'a.v1', ...settings },
      { topic: 'c.v1', ...settings },
    ]);
  });

  test('that are there are left as they are: nobody is asked to create them', async () => {
    const kafka = await start({ topics: TOPICS, judgeTopic: () => POLICY_VIOLATION });
    expect(await ensure(kafka.address)).toEqual([]);
  });

  test('are created once by two at once, who both succeed', async () => {
    const kafka = await start();
    await Promise.all([ensure(kafka.address), ensure(kafka.address)]);
    expect(kafka.created.map(({ topic }) => topic)).toEqual(TOPICS);
  });

  test('that another one created after they were listed are there', async () => {
    const kafka = await start({ judgeTopic: () => ALREADY_EXISTS });
    expect(await ensure(kafka.address)).toEqual(TOPICS);
  });

  test('that cannot be created are named, with the answer of the broker', async () => {
    const kafka = await start({ judgeTopic: ({ topic }) => (topic === 'b.v1' ? INVALID_CONFIG : NONE) });
    await expect(ensure(kafka.address)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringMatching(/^topic b\.v1: kafka: INVALID_CONFIG: /),
    });
  });

  test('are created by another broker when the one that was asked does not lead any more', async () => {
    let left = TOPICS.length;
    const kafka = await start({ judgeTopic: () => (left-- > 0 ? NOT_CONTROLLER : NONE) });
    expect(await ensure(kafka.address)).toEqual(TOPICS);
    expect(kafka.created).toHaveLength(3);
  });
});

describe('a Kafka for topics', () => {
  test('that is not there is unavailable, and so is one that says nothing', async () => {
    const nobody = `127.0.0.1:${await pickFreePort()}`;
    await expect(ensure(nobody, { retries: 1 })).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
    const kafka = await start({ judgeTopic: () => NOT_CONTROLLER });
    const limited = ensure(kafka.address, { timeoutMs: 250, retries: 100 });
    await expect(limited).rejects.toThrow('kafka: no answer within 250 ms');
  });

  test('is given up with the signal', async () => {
    const kafka = await start({ judgeTopic: () => NOT_CONTROLLER });
    const signal = AbortSignal.timeout(200);
    const options = { brokers: [kafka.address], log, retries: 100 };
    await expect(ensureTopics(options, TOPICS, SETTINGS, signal)).rejects.toBe(await aborted(signal));
  });

  test('that creates topics as they are used, and cannot otherwise, will do when they are there', async () => {
    const kafka = await startKafka();
    try {
      const options = { brokers: kafka.url.split(','), log };
      await expect(ensureTopics(options, TOPICS, SETTINGS)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
      expect(await ensureTopics(options, ['warmup'], SETTINGS)).toEqual([]);
    } finally {
      await kafka.stop();
    }
  });
});

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));
}
