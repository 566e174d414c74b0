import { COLLECTORS, DEFAULT_ROUTES } from '@proxywatch/core/domain/scan/collectors';
import { schemaNameOf } from '@proxywatch/core/domain/scan/schema-name';
import { ensureTopics } from '@proxywatch/core/drivers/kafka/kafka-topics';
import type { Log } from '@proxywatch/core/ports/log';
import type { DeployConfig } from '../config.ts';

/** Where the scanner's events go, unless its configuration says otherwise. */
export const TOPICS: readonly string[] = COLLECTORS.filter((name) => DEFAULT_ROUTES[name].includes('kafka')).map(
  schemaNameOf,
);

/** Creates what is missing of the scanner's topics, and answers which that were; none in a stage without Kafka. */
export async function createTopics(config: DeployConfig, log: Log, signal: AbortSignal): Promise<readonly string[]> {
  const { KAFKA_BROKERS, KAFKA_IAM, AWS_REGION } = config;
  if (KAFKA_BROKERS === undefined) return [];
  const options = {
    brokers: KAFKA_BROKERS,
    ...(KAFKA_IAM && AWS_REGION !== undefined && { iam: { region: AWS_REGION } }),
    log,
  };
  const settings = { partitions: config.KAFKA_TOPIC_PARTITIONS, retentionMs: config.KAFKA_TOPIC_RETENTION_MS };
  return ensureTopics(options, TOPICS, settings, signal);
}
