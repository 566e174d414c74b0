import type { HistoryStore } from '../../ports/history-store.ts';
import type { PendingBatch } from '../../ports/scan-store.ts';
import { limitCalls } from '../history/limited-redis.ts';
import {
  createRedisHistoryStore,
  historyKeysOf,
  savedOf,
  saveRequestOf,
  unfenced,
} from '../history/redis-history-store.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { encodePendingBatch } from './outbox-record.ts';
import { OUTBOX_LIMITS, type OutboxLimits, outboxFull } from './redis-scan-store.ts';
import { scanKeysOf } from './scan-keys.ts';
import { SAVE_WITH_BATCH } from './scan-scripts.ts';

/**
 * The scanner's histories, as the holder of a scan lease sees them: with every save goes the batch that `batchOf` answers
 * then, into the same outbox as those of `commit`, both or neither. Saves reject with SINK_FULL when there is no room.
 */
export function createBatchedHistories(redis: RedisClient, limits: OutboxLimits = {}) {
  const { maxPendingBytes, maxPendingBatches } = { ...OUTBOX_LIMITS, ...limits };
  const histories = createRedisHistoryStore(redis, 'scan');
  const calls = limitCalls(redis);

  return (token: string, batchOf: () => PendingBatch | undefined): HistoryStore => ({
    ...histories,
    claim: async () => token,
    async save(proxyId, write, signal) {
      const batch = batchOf();
      if (!batch) return histories.save(proxyId, write, signal);
      const { keys, head, lists, limitMs } = saveRequestOf(historyKeysOf(proxyId, 'scan'), write);
      const beside = [maxPendingBytes, maxPendingBatches, ...encodePendingBatch(batch)];
      const args = [...head, ...beside, ...lists];
      const scripted = calls.evaluate(SAVE_WITH_BATCH, [...keys, scanKeysOf(proxyId).outbox], args, {
        signal,
        limitMs,
      });
      const reply = unfenced(proxyId, await scripted);
      if (reply[0] === 'full') throw outboxFull(proxyId);
      return savedOf(reply);
    },
  });
}
