import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { FleetView, Heartbeat, MembershipOptions, MembershipStore } from '@proxywatch/core/ports/membership-store';

/** Far above what a slow machine needs between two calls: time passes by passTime only. */
export const TIMEOUT_MS = 600_000;
export const GRACE_MS = 3_600_000;

export function optionsFor(slots: number, settleMs = 0): MembershipOptions {
  return { timeoutMs: TIMEOUT_MS, slotGraceMs: GRACE_MS, settleMs, slots };
}

/** A gateway as far as membership goes: one store of its own, one heartbeat after the other. */
export class Gateway {
  readonly id: string;
  readonly store: MembershipStore;
  slots: number;
  isDraining = false;
  settleMs = 0;
  release: string | undefined;
  holds: Record<string, number> = {};

  constructor(redis: RedisClient, id: string, slots: number, release?: string) {
    this.id = id;
    this.release = release;
    this.store = createRedisMembershipStore(redis);
    this.slots = slots;
  }

  get heartbeat(): Heartbeat {
    const { id, release, isDraining, holds } = this;
    return { id, release, advertise: `${id}.example:9464`, isScraped: true, isDraining, holds };
  }

  beat(): Promise<FleetView> {
    return this.store.heartbeat(this.heartbeat, optionsFor(this.slots, this.settleMs));
  }

  /** Its slot, after a heartbeat. */
  async slot(): Promise<string | undefined> {
    return slotsOf(await this.beat())[this.id];
  }

  leave(): Promise<void> {
    return this.store.leave(this.id, optionsFor(this.slots));
  }
}

/** Member id → slot. */
export function slotsOf({ members }: FleetView): Record<string, string | undefined> {
  return Object.fromEntries(members.map(({ id, slot }) => [id, slot]));
}
