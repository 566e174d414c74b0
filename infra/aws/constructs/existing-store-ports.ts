import type { StageConfig } from '../config.ts';

/** TCP ports of the stores that were there before us, by their part; a store of ours is missing. */
export function existingStorePorts({
  dcdb,
  redis,
  kafka,
}: Pick<StageConfig['data'], 'dcdb' | 'redis' | 'kafka'>): Readonly<
  Partial<Record<'dcdb' | 'redis' | 'kafka', number[]>>
> {
  const redisPort = 'address' in redis ? portIn(redis.address) : 'urlSecretArn' in redis ? redis.port : undefined;
  return {
    ...('host' in dcdb && { dcdb: [dcdb.port] }),
    // One more for a cache of ElastiCache Serverless, whose readers listen there.
    ...(redisPort !== undefined && { redis: [redisPort, redisPort + 1] }),
    ...(kafka !== 'none' && 'brokers' in kafka && { kafka: [...new Set(kafka.brokers.map(portIn))] }),
  };
}

function portIn(hostPort: string): number {
  return Number(hostPort.slice(hostPort.lastIndexOf(':') + 1));
}
