import { readFile } from 'node:fs/promises';
import { type Service, type ServiceOptions, startService } from './service.ts';

/** librdkafka tells the addresses it chose in one line of its log. */
const BROKERS = /Mock cluster enabled.* replaced with (\S+)\n/;

export type KafkaOptions = Omit<ServiceOptions, 'port'>;

/**
 * A Kafka cluster of three brokers in one process: librdkafka's mock cluster, held by kcat. It picks its own ports, keeps
 * everything in memory and knows no createTopics, idempotent producers or transactions; topics appear when they are used.
 * `url` is the list for KAFKA_BROKERS, `127.0.0.1:<port>,…`; `port` is the first broker's.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Service> {
  const service = await startService(
    {
      name: 'kafka',
      binary: 'kcat',
      portVariable: 'KAFKA_PORT',
      accounts: [],
      // A producer that is given nothing to send: it lives, and the cluster with it, until its input ends.
      holdInput: true,
      args: () => ['-P', '-b', 'mock', '-t', 'warmup', '-X', 'test.mock.num.brokers=3'],
      ready: async ({ log }) => BROKERS.exec(await readFile(log, 'utf8'))?.[1],
    },
    options,
  );
  return { ...service, port: Number(service.url.split(/[:,]/, 2)[1]) };
}
