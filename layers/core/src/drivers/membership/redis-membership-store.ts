import { ProxywatchError } from '../../domain/errors.ts';
import type { Heartbeat, MembershipOptions, MembershipStore } from '../../ports/membership-store.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { MAX_PROXIES } from '../registry/redis-registry.ts';
import {
  type DamagedRecord,
  decodeFleet,
  encodeAssignment,
  encodeMember,
  type KnownAssignment,
  recordBeginnings,
} from './fleet-records.ts';
import { HEARTBEAT } from './heartbeat-script.ts';
import { DRAIN, FORGET, LEAVE, PIN, PUBLISH } from './membership-scripts.ts';

/** All of them share a hash tag: one script sees and changes the whole fleet. */
export const FLEET_KEYS = {
  members: '{proxywatch}:members',
  slots: '{proxywatch}:slots',
  fleet: '{proxywatch}:fleet',
  pins: '{proxywatch}:pins',
  drains: '{proxywatch}:drains',
} as const;

/** Standbys, and members that fell silent just now, included. */
export const MAX_MEMBERS = 256;
const MAX_DRAINS = 1_000;

export interface RedisMembershipOptions {
  /** Hears of records that were left out since they cannot be read. */
  readonly onDamaged?: (record: DamagedRecord) => void;
}

/**
 * The fleet in Redis. Remembers, for the members of its own process, the newest assignment, which is only sent when it
 * changed, and which slot they had: a Redis that came back empty is told, and the fleet stands as before.
 */
export function createRedisMembershipStore(redis: RedisClient, options: RedisMembershipOptions = {}): MembershipStore {
  const { members, slots, fleet, pins, drains } = FLEET_KEYS;
  const told = new Map<string, { readonly standing: string; readonly birth: string }>();
  let latest: KnownAssignment = { version: 0, assignment: new Map() };

  async function beat(
    heartbeat: Heartbeat,
    membership: MembershipOptions,
    known: KnownAssignment,
    signal?: AbortSignal,
  ) {
    const args = [
      heartbeat.id,
      encodeMember(heartbeat),
      membership.timeoutMs,
      membership.slotGraceMs,
      membership.slots,
      told.get(heartbeat.id)?.standing ?? 'new',
      heartbeat.isDraining ? 'draining' : 'staying',
      known.version,
      MAX_MEMBERS,
      told.get(heartbeat.id)?.birth ?? '',
      membership.settleMs ?? 0,
      ...recordBeginnings(heartbeat.release),
    ];
    const reply = await redis.evaluate(HEARTBEAT, [members, slots, fleet, pins, drains], args, { signal });
    if (Array.isArray(reply) && reply[0] === 'full') throw tooLarge(`more than ${MAX_MEMBERS} members`);
    return decodeFleet(reply, known);
  }

  async function forget(damaged: readonly DamagedRecord[], signal?: AbortSignal): Promise<void> {
    for (const record of damaged) options.onDamaged?.(record);
    const records = damaged.filter(({ field }) => field !== 'assignment').flatMap(({ field, text }) => [field, text]);
    if (records.length > 0) await redis.evaluate(FORGET, [members], records, { signal });
  }

  return {
    async heartbeat(heartbeat, membership, signal) {
      const holds = Object.keys(heartbeat.holds).length;
      if (holds > MAX_PROXIES) throw tooLarge(`a member with ${holds} proxies, more than ${MAX_PROXIES}`);
      const { view, birth, damaged } = await beat(heartbeat, membership, latest, signal);
      latest = { version: view.assignmentVersion, assignment: view.assignment };
      const standing = view.members.find(({ id }) => id === heartbeat.id)?.slot ?? 'standby';
      told.set(heartbeat.id, { standing, birth });
      // The heartbeat counts already; what could not be removed now is met again by the next one.
      await forget(damaged, signal).catch(() => undefined);
      return view;
    },

    async leave(memberId, _membership, signal) {
      await redis.evaluate(LEAVE, [members, slots, fleet], [memberId], { signal });
      told.delete(memberId);
    },

    async publish(memberId, assignment, basedOn, signal) {
      if (assignment.size > MAX_PROXIES)
        throw tooLarge(`an assignment of ${assignment.size} proxies, more than ${MAX_PROXIES}`);
      const args = [memberId, basedOn, encodeAssignment(assignment)];
      return (await redis.evaluate(PUBLISH, [fleet], args, { signal })) === 1;
    },

    async pin(proxyId, slot, signal) {
      if (slot === undefined) await redis.call('HDEL', [pins, proxyId], { signal });
      else if ((await redis.evaluate(PIN, [pins], [proxyId, slot, MAX_PROXIES], { signal })) !== 1)
        throw tooLarge(`more than ${MAX_PROXIES} pins`);
    },

    async drain(slot, isDrained, signal) {
      if (!isDrained) await redis.call('SREM', [drains, slot], { signal });
      else if ((await redis.evaluate(DRAIN, [drains], [slot, MAX_DRAINS], { signal })) !== 1)
        throw tooLarge(`more than ${MAX_DRAINS} drained slots`);
    },
  };
}

function tooLarge(what: string): ProxywatchError {
  return new ProxywatchError('FLEET_TOO_LARGE', `the fleet would have ${what}`);
}
