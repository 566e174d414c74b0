import { createHash } from 'node:crypto';
import type { RedisScript } from './redis-client.ts';

/** A Lua script with the name that the server knows it by. */
export function redisScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
