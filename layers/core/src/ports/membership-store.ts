import type { Assignment, Member } from '../domain/ownership/membership.ts';

/** What a member tells of itself with each heartbeat. */
export type Heartbeat = Pick<Member, 'id' | 'release' | 'advertise' | 'isScraped' | 'isDraining' | 'holds'>;

/** Everything that the fleet agreed on, as of one moment. */
export interface FleetView {
  readonly members: readonly Member[];
  /** Slots whose member left or fell silent less than the grace ago: whoever takes one inherits its proxies. */
  readonly waitingSlots: readonly WaitingSlot[];
  readonly assignment: Assignment;
  readonly assignmentVersion: number;
  readonly pins: ReadonlyMap<string, string>;
  readonly drainedSlots: ReadonlySet<string>;
  /** Whether the asking member holds the planning lease. */
  readonly isPlanner: boolean;
}

export interface WaitingSlot {
  readonly name: string;
  readonly graceLeftMs: number;
  /** A member that said good-bye has a successor on its way; one that fell silent may have none. */
  readonly kind: 'left' | 'silent';
}

export interface MembershipOptions {
  /** A member that was silent for longer is gone. */
  readonly timeoutMs: number;
  /** How long the slot of a member that said good-bye, or vanished, waits for a successor. */
  readonly slotGraceMs: number;
  /**
   * A fleet that finds no trace of another waits so long before anybody gets a slot or plans: the store may have come back
   * empty, and whoever remembers what it held must be heard first. @default 0
   */
  readonly settleMs?: number;
  /** How many slots the fleet has; more members than that are standbys. */
  readonly slots: number;
}

/** Where gateways meet. All times are the store's own. Rejects with STORE_UNAVAILABLE. */
export interface MembershipStore {
  /**
   * Says that a member lives, gives it a slot (its previous one first, then one that waits for a successor, then, unless
   * members of another release have slots, a free one), takes or renews the planning lease when nobody else holds it, and answers the view of the fleet.
   */
  heartbeat(heartbeat: Heartbeat, options: MembershipOptions, signal?: AbortSignal): Promise<FleetView>;
  /** Says good-bye: the slot waits for a successor, the planning lease is free at once. */
  leave(memberId: string, options: MembershipOptions, signal?: AbortSignal): Promise<void>;
  /** Publishes an assignment; false when the member no longer holds the planning lease or `basedOn` is not the newest version. */
  publish(memberId: string, assignment: Assignment, basedOn: number, signal?: AbortSignal): Promise<boolean>;
  /** Pins a proxy to a slot, or with `undefined` frees it. */
  pin(proxyId: string, slot: string | undefined, signal?: AbortSignal): Promise<void>;
  /** Empties a slot, or lets it be used again. */
  drain(slot: string, isDrained: boolean, signal?: AbortSignal): Promise<void>;
}
