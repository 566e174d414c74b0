/** A gateway as the others see it. */
export interface Member {
  /** No two members have the same one; a gateway that comes back keeps it, and with it its slot. */
  readonly id: string;
  /** Stable name of a place in the fleet; a member without one is a standby and owns nothing. */
  readonly slot: string | undefined;
  /** What it runs. Members of another release than those that have slots are their successors. @default - any */
  readonly release?: string | undefined;
  /** `host:port` under which Prometheus and other members reach it. */
  readonly advertise: string;
  /** Milliseconds since its last heartbeat, by the store's clock. */
  readonly heartbeatAgeMs: number;
  /** Whether a scraper asked it lately: the planner prefers members that are being scraped. */
  readonly isScraped: boolean;
  /** It wants to leave: it owns on until its proxies are taken over, and gets no new ones. */
  readonly isDraining: boolean;
  /** Proxies that it holds leases of, with the series that each exposes (its weight). */
  readonly holds: Readonly<Record<string, number>>;
}

/** A slot that has a member, or keeps its proxies for a successor of one that was told to stop. */
export interface Slot {
  readonly name: string;
  readonly memberId: string | undefined;
  /** Operators drain a slot to empty it: it keeps nothing and gets nothing. */
  readonly isDrained: boolean;
  readonly isScraped: boolean;
}

/** Proxy id → slot name. A hint, not the truth: who may act on a proxy is said by its lease. */
export type Assignment = ReadonlyMap<string, string>;

export interface PlanInput {
  readonly previous: Assignment;
  readonly slots: readonly Slot[];
  /** Proxy id → weight: its series, smoothed and quantised, at least 1. */
  readonly weights: ReadonlyMap<string, number>;
  /** Proxy id → slot name, by an operator. A pin to a slot that is not there, or is drained, does not count. */
  readonly pins: ReadonlyMap<string, string>;
  /** Members are being replaced: nobody sheds until they are. @default false */
  readonly isInTransition?: boolean;
}

export type MoveReason = 'orphan' | 'new' | 'pin' | 'drain' | 'overload';

export interface Move {
  readonly proxyId: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly reason: MoveReason;
}

export interface Plan {
  readonly assignment: Assignment;
  readonly moves: readonly Move[];
}
