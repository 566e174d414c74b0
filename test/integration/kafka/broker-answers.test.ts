import { afterEach, describe, expect, test } from '@jest/globals';
import { createKafkaSink, type KafkaSinkOptions } from '@proxywatch/core/drivers/kafka/kafka-sink';
import type { Sink } from '@proxywatch/core/ports/sink';
import { type FakeKafka, type FakeKafkaOptions, startFakeKafka } from '../../support/fake-kafka.ts';
import { batchOf, slowSql } from './records.ts';

// Kafka's own numbers.
const [NONE, CORRUPT, NOT_LEADER, TOO_LARGE, NOT_ENOUGH_REPLICAS, INVALID_RECORD] = [0, 2, 6, 10, 19, 87];
const log = { info: () => {}, warn: () => {}, error: () => {} };
const records = Array.from({ length: 8 }, (_, i) => slowSql(`${i}`));

const running: (FakeKafka | Sink)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function start(options: FakeKafkaOptions = {}, sinkOptions: Partial<KafkaSinkOptions> = {}) {
  const kafka = await startFakeKafka(options);
  const sink = createKafkaSink({ brokers: [kafka.address], log, ...sinkOptions });
  running.push(sink, kafka);
  return { kafka, sink };
}

describe('a batch for a broker', () => {
  test('is one compressed request that all replicas must have', async () => {
    const { kafka, sink } = await start();
    await sink.write(batchOf(records));
    expect(kafka.batches).toEqual([{ topic: 'proxywatch.slow-sql.v1', acks: -1, isGzip: true, records: 8 }]);
  });

  test('that finds it too large is sent in halves, as small as need be', async () => {
    const { kafka, sink } = await start({ judge: ({ records }) => (records > 2 ? TOO_LARGE : NONE) });
    await sink.write(batchOf(records));
    expect(kafka.batches.filter(({ records }) => records <= 2).map(({ records }) => records)).toEqual([2, 2, 2, 2]);
  });

  test.each([
    ['too large even alone', TOO_LARGE, 'MESSAGE_TOO_LARGE'],
    ['invalid', INVALID_RECORD, 'INVALID_RECORD'],
  ])('that finds it %s is refused, for no other attempt can help', async (_, code, name) => {
    const { sink } = await start({ judge: () => code });
    const refused = { code: 'SINK_REFUSED', retryable: false, message: expect.stringContaining(`kafka: ${name}: `) };
    await expect(sink.write(batchOf(records))).rejects.toMatchObject(refused);
  });

  test.each([
    ['lost the lead', NOT_LEADER],
    ['misses replicas', NOT_ENOUGH_REPLICAS],
    ['read it wrong', CORRUPT],
  ])('that %s is sent again, a bounded number of times', async (_, code) => {
    let left = 2;
    const { kafka, sink } = await start({ judge: () => (left-- > 0 ? code : NONE) });
    await sink.write(batchOf(records));
    expect(kafka.batches).toHaveLength(3);
    left = Number.POSITIVE_INFINITY;
    await expect(sink.write(batchOf(records))).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
    expect(kafka.batches).toHaveLength(3 + 5);
  });
});
