import { Redis } from 'ioredis';
import { type Service, type ServiceOptions, startService } from './service.ts';

/**
 * A Redis server on loopback without persistence (`args: ['--appendonly', 'yes']` and a `dir` of one's own bring it).
 * Ready in about 0.1 s. `url` is `redis://127.0.0.1:<port>`.
 */
export function startRedis(options: ServiceOptions = {}): Promise<Service> {
  return startService(
    {
      name: 'redis',
      binary: 'redis-server',
      portVariable: 'REDIS_PORT',
      accounts: ['redis'],
      // The protected mode and bind address keep it on loopback; `save ''` switches snapshots off.
      args: ({ dir, port }) => [
        '--bind',
        '127.0.0.1',
        '--port',
        `${port}`,
        '--dir',
        dir,
        '--save',
        '',
        '--appendonly',
        'no',
      ],
      ready: async ({ port }, signal) => ((await answersPing(port, signal)) ? `redis://127.0.0.1:${port}` : undefined),
    },
    options,
  );
}

async function answersPing(port: number, signal: AbortSignal): Promise<boolean> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return !signal.aborted && (await client.ping()) === 'PONG';
  } finally {
    // Where the connection ended by itself, ioredis would wait two seconds for an end that has been.
    if (client.status !== 'end') client.disconnect();
  }
}
