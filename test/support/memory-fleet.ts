import type { Assignment } from '../../layers/core/src/domain/ownership/membership.ts';
import type { Acquired, LeaseOwner, LeaseStore, Renewal } from '../../layers/core/src/ports/lease-store.ts';
import type { FleetView, Heartbeat, MembershipStore } from '../../layers/core/src/ports/membership-store.ts';

/** Members that meet in this process; every one gets a slot of its own name, and the first one plans. */
export class MemoryMembership implements MembershipStore {
  readonly #members = new Map<string, Heartbeat>();
  #assignment: Assignment = new Map();
  #version = 0;
  /** Thrown by every call while it is set. */
  failure: Error | undefined;

  async heartbeat(heartbeat: Heartbeat): Promise<FleetView> {
    if (this.failure) throw this.failure;
    this.#members.set(heartbeat.id, heartbeat);
    return {
      members: [...this.#members.values()].map((member) => ({ ...member, slot: member.id, heartbeatAgeMs: 0 })),
      waitingSlots: [],
      assignment: this.#assignment,
      assignmentVersion: this.#version,
      pins: new Map(),
      drainedSlots: new Set(),
      isPlanner: [...this.#members.keys()][0] === heartbeat.id,
    };
  }

  async leave(memberId: string): Promise<void> {
    this.#members.delete(memberId);
  }

  async publish(_memberId: string, assignment: Assignment, basedOn: number): Promise<boolean> {
    if (basedOn !== this.#version) return false;
    this.#assignment = assignment;
    this.#version++;
    return true;
  }

  async pin(): Promise<void> {}

  async drain(): Promise<void> {}
}

/** Leases that never run out by themselves. */
export class MemoryLeases implements LeaseStore {
  readonly held = new Map<string, { readonly token: string; readonly owner: LeaseOwner }>();
  readonly #known = new Set<string>();
  #tokens = 0;

  /** As a Redis that came back empty. */
  flush(): void {
    this.held.clear();
    this.#known.clear();
  }

  async acquire(
    proxyId: string,
    owner: LeaseOwner,
    _ttlMs?: number,
    _signal?: AbortSignal,
    isKnown = false,
  ): Promise<Acquired> {
    const held = this.held.get(proxyId);
    if (held && held.owner.memberId !== owner.memberId) return { kind: 'held', by: held.owner, remainingMs: 1_000 };
    if (isKnown && !this.#known.has(proxyId)) return { kind: 'forgotten' };
    this.#known.add(proxyId);
    const token = String(++this.#tokens);
    this.held.set(proxyId, { token, owner });
    return { kind: 'acquired', token };
  }

  async renew(proxyId: string, token: string): Promise<boolean> {
    return this.held.get(proxyId)?.token === token;
  }

  async renewAll(leases: readonly { proxyId: string; token: string }[]): Promise<ReadonlyMap<string, Renewal>> {
    const renewals = new Map<string, Renewal>();
    for (const { proxyId, token } of leases) {
      renewals.set(proxyId, { kind: (await this.renew(proxyId, token)) ? 'renewed' : 'lost' });
    }
    return renewals;
  }

  async release(proxyId: string, token: string): Promise<boolean> {
    return (await this.renew(proxyId, token)) && this.held.delete(proxyId);
  }
}
