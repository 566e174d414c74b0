import { FLEET_KEYS } from '@proxywatch/core/drivers/membership/redis-membership-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';

/**
 * Lets time pass without waiting for it: all times that the fleet wrote into Redis become `ms` older (younger for less
 * than 0, as after a clock that went back). The formats are those of docs/redis.md.
 */
export async function passTime(redis: RedisClient, ms: number): Promise<void> {
  const older = (time: string) => String(Math.max(0, Number(time) - ms));
  for (const [id, record] of await fieldsOf(redis, FLEET_KEYS.members)) {
    const [time = '', ...rest] = record.split(' ');
    await redis.call('HSET', [FLEET_KEYS.members, id, [older(time), ...rest].join(' ')]);
  }
  for (const [slot, record] of await fieldsOf(redis, FLEET_KEYS.slots)) {
    const [kind = '', time = '', ...rest] = record.split(' ');
    await redis.call('HSET', [FLEET_KEYS.slots, slot, [kind, older(time), ...rest].join(' ')]);
  }
  for (const [field, value] of await fieldsOf(redis, FLEET_KEYS.fleet)) {
    if (field.endsWith('Ms')) await redis.call('HSET', [FLEET_KEYS.fleet, field, older(value)]);
  }
}

export async function fieldsOf(redis: RedisClient, key: string): Promise<[field: string, value: string][]> {
  const flat = (await redis.call('HGETALL', [key])) as string[];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']);
}
