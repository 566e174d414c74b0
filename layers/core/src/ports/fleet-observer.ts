import type { Assignment, Member } from '../domain/ownership/membership.ts';
import type { LeaseOwner } from './lease-store.ts';

/** Looks at the fleet without being part of it: nothing is settled, taken or prolonged. Rejects with STORE_UNAVAILABLE. */
export interface FleetObserver {
  /** What the fleet wrote down, as of one moment. */
  fetchRecords(signal?: AbortSignal): Promise<FleetRecords>;
  /** Who holds the leases of these proxies now; proxies without a lease that stands are left out. */
  fetchOwners(proxyIds: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, ProxyOwner>>;
}

export interface FleetRecords {
  /** By id. Those that fell silent are among them until the next heartbeat of anybody settles that. */
  readonly members: readonly Member[];
  readonly waitingSlots: readonly ObservedSlot[];
  readonly plannerId: string | undefined;
  readonly assignment: Assignment;
  /** Milliseconds since the assignment was published; undefined while there is none. */
  readonly assignmentAgeMs: number | undefined;
  readonly pins: ReadonlyMap<string, string>;
  readonly drainedSlots: ReadonlySet<string>;
}

/** A slot that keeps its proxies for a successor. */
export interface ObservedSlot {
  readonly name: string;
  readonly kind: 'left' | 'silent';
  readonly waitedMs: number;
  readonly lastMemberId: string;
}

export interface ProxyOwner extends LeaseOwner {
  readonly remainingMs: number;
}
