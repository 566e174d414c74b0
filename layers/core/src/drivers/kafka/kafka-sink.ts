import type { Message, Producer } from 'kafkajs';
import { messageOf as errorMessageOf, ProxywatchError } from '../../domain/errors.ts';
import { schemaNameOf } from '../../domain/scan/schema-name.ts';
import type { Sink } from '../../ports/sink.ts';
import type { KafkaClientOptions } from './kafka-client.ts';
import { isTooLarge, kafkaError } from './kafka-error.ts';
import { messageOf, requestsOf } from './kafka-messages.ts';
import { KafkaProducer } from './kafka-producer.ts';

export interface KafkaSinkOptions extends KafkaClientOptions {
  /** For a whole batch, connecting included. @default 20000 */
  readonly writeTimeoutMs?: number;
  /** Longest text of events is cut beyond that; also of one request before it is compressed. @default 900000 */
  readonly maxRecordBytes?: number;
}

const ALL_REPLICAS = -1;
/** kafkajs' CompressionTypes.GZIP, which is not worth loading kafkajs for. */
const GZIP = 1;

/**
 * Events to Kafka: each collector has its topic, the key is the proxy. At least once: an event may come again, with the same
 * id. Nothing is connected before the first write.
 */
export function createKafkaSink(options: KafkaSinkOptions): Sink {
  const { writeTimeoutMs = 20_000, maxRecordBytes = 900_000, requestTimeoutMs = 10_000 } = options;
  const producer = new KafkaProducer(options);

  async function send(to: Producer, topic: string, messages: readonly Message[], signal: AbortSignal): Promise<void> {
    // Whoever waits for this may have left.
    signal.throwIfAborted();
    const request = {
      topic,
      messages: [...messages],
      acks: ALL_REPLICAS,
      timeout: requestTimeoutMs,
      compression: GZIP,
    };
    try {
      await to.send(request);
    } catch (error) {
      if (!isTooLarge(error) || messages.length === 1) throw error;
      const half = Math.ceil(messages.length / 2);
      await send(to, topic, messages.slice(0, half), signal);
      await send(to, topic, messages.slice(half), signal);
    }
  }

  return {
    name: 'kafka',

    async write({ collector, records }, signal) {
      if (records.length === 0) return;
      const messages = records.map((record) => messageOf(record, maxRecordBytes));
      const topic = schemaNameOf(collector);
      const limit = AbortSignal.timeout(writeTimeoutMs);
      const either = signal ? AbortSignal.any([signal, limit]) : limit;
      const sendAll = async (to: Producer) => {
        for (const request of requestsOf(messages, maxRecordBytes)) await send(to, topic, request, either);
      };
      try {
        await producer.use(sendAll, either, isTooLarge);
      } catch (error) {
        if (limit.aborted && !signal?.aborted) throw unavailable(`no answer within ${writeTimeoutMs} ms`);
        throw signal?.aborted ? unavailable(errorMessageOf(signal.reason)) : kafkaError(error);
      }
    },

    close: () => producer.close(),
  };
}

function unavailable(problem: string): ProxywatchError {
  return new ProxywatchError('SINK_UNAVAILABLE', `kafka: ${problem}`);
}
