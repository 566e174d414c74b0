// npm run fleet -- <command>: how the gateways share the proxies, and what an operator may change about it. Needs Redis only,
// so that it works when no gateway does.
import { redisUrl } from '@proxywatch/core/config/address-fields';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { createRedisFleetObserver } from '@proxywatch/core/drivers/membership/redis-fleet-observer';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import { z } from 'zod';
import { type FleetCommand, parseCommand } from './fleet/parse-command.ts';
import { knownProxies, renderStatus } from './fleet/status.ts';

const TIMEOUT_MS = 10_000;

const command = exitOnConfigError(() => parseCommand(process.argv.slice(2)), {
  print: (message) => console.error(message),
});
const { REDIS_URL } = exitOnConfigError(() => parseEnvironment(z.object({ REDIS_URL: redisUrl() }), process.env));
const redis = createRedis(REDIS_URL);
try {
  console.log(await carryOut(command, redis, AbortSignal.timeout(TIMEOUT_MS)));
} catch (error) {
  console.error(`fleet: ${messageOf(error)}`);
  process.exitCode = 1;
} finally {
  await redis.close();
}

/** Carries out one command and answers what to print. */
async function carryOut(command: FleetCommand, redis: RedisClient, signal: AbortSignal): Promise<string> {
  const membership = createRedisMembershipStore(redis);
  switch (command.kind) {
    case 'status':
      return fetchStatus(redis, signal);
    case 'drain':
      await membership.drain(command.slot, true, signal);
      return `${command.slot} is drained: its proxies move to the other slots with the next heartbeats`;
    case 'undrain':
      await membership.drain(command.slot, false, signal);
      return `${command.slot} may be used again`;
    case 'pin':
      await membership.pin(command.proxyId, command.slot, signal);
      return `${command.proxyId} is pinned to ${command.slot}: it goes there as soon as a gateway has that slot`;
    case 'unpin':
      await membership.pin(command.proxyId, undefined, signal);
      return `${command.proxyId} may move again`;
  }
}

async function fetchStatus(redis: RedisClient, signal: AbortSignal): Promise<string> {
  const observer = createRedisFleetObserver(redis);
  const [records, proxyIds] = await Promise.all([observer.fetchRecords(signal), fetchProxyIds(redis, signal)]);
  const owners = await observer.fetchOwners(knownProxies({ records, proxyIds }), signal);
  return renderStatus({ records, proxyIds, owners });
}

async function fetchProxyIds(redis: RedisClient, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    return (await createRedisRegistry(redis).fetchProxies(signal)).proxies.map(({ id }) => id);
  } catch (error) {
    // Gateways with a PROXIES_FILE have none; what they share stands in the assignment.
    if (errorCodeOf(error) === 'REGISTRY_MISSING') return undefined;
    throw error;
  }
}
