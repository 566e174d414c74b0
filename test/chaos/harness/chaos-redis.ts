import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { emptyIfOwned } from './empty-redis.ts';
import type { Timeline } from './timeline.ts';
import { eventually } from './wait.ts';

const MOMENT_COMES_MS = 30_000;

/** A Redis server of which the suite disposes, past the links of the gateways. */
export class ChaosRedis {
  readonly #timeline: Timeline;
  #server: Service;

  private constructor(server: Service, timeline: Timeline) {
    this.#server = server;
    this.#timeline = timeline;
  }

  static async start(timeline: Timeline): Promise<ChaosRedis> {
    return new ChaosRedis(await startRedis(), timeline);
  }

  get port(): number {
    return this.#server.port;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /**
   * Empties it at a moment at which every proxy has an owner who remembers it: what is on its way from one to another is
   * in Redis alone. With `whileMoving` also some proxy is assigned to another than its owner.
   */
  async empty(proxyIds: readonly string[], whileMoving = false): Promise<void> {
    const ask = () => this.use((redis) => emptyIfOwned(redis, proxyIds, whileMoving));
    await eventually(async () => (await ask()) || undefined, {
      withinMs: MOMENT_COMES_MS,
      pauseMs: 5,
      problem: () => 'there was no moment at which Redis could be emptied',
    });
    this.#timeline.note('Redis is emptied');
  }

  /** Stops it, and starts it empty on the same port. */
  async restart(downMs: number): Promise<void> {
    this.#timeline.note(`Redis is down for ${downMs} ms, then empty`);
    const { port } = this.#server;
    await this.#server.stop();
    await sleep(downMs);
    this.#server = await startRedis({ port });
  }

  async pin(proxyId: string, slot: string | undefined): Promise<void> {
    this.#timeline.note(slot === undefined ? `${proxyId} is not pinned any more` : `${proxyId} is pinned to ${slot}`);
    await this.use((redis) => createRedisMembershipStore(redis).pin(proxyId, slot));
  }

  call(command: string, ...args: readonly string[]): Promise<unknown> {
    return this.use((redis) => redis.call(command, args));
  }

  async use<T>(use: (redis: RedisClient) => Promise<T>): Promise<T> {
    const redis = createRedis(this.#server.url);
    try {
      return await use(redis);
    } finally {
      await redis.close();
    }
  }
}
