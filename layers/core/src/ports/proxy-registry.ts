import type { RegisteredProxy } from '../domain/proxy.ts';

/** Which proxies are to be watched, as gateways and scanner see it. */
export interface ProxyRegistry {
  /**
   * The newest snapshot. Cheap to poll: while nothing changed only the version crosses the network, and the very same
   * object is returned. Rejects with REGISTRY_MISSING while none was ever published (which is not the same as an empty
   * one: an emptied Redis must not make everybody let go of everything) and with STORE_UNAVAILABLE; keep the last
   * snapshot then.
   */
  fetchProxies(signal?: AbortSignal): Promise<RegistrySnapshot>;
}

/** Puts the registry where the others read it. */
export interface RegistryPublisher {
  /**
   * Replaces all that was published, at once. Publishing what stands there already changes nothing, and an edition that
   * is older than the published one is left out. Rejects with STORE_UNAVAILABLE, or REGISTRY_TOO_LARGE.
   */
  publish(edition: RegistryEdition, signal?: AbortSignal): Promise<PublishOutcome>;
}

export type PublishOutcome = 'published' | 'unchanged' | 'outdated';

export interface RegistrySnapshot {
  /** Differs whenever the proxies do. */
  readonly version: string;
  /** By id, in ascending order; no id twice. */
  readonly proxies: readonly RegisteredProxy[];
  /** Entries that could not be understood; they are left out of `proxies`. */
  readonly damaged: readonly DamagedEntry[];
  /** Why the newest state could not be taken over; `proxies` is then the last good one. */
  readonly problem?: string;
}

export interface DamagedEntry {
  readonly id: string;
  readonly problem: string;
}

/** What is to be published, and of when. */
export interface RegistryEdition {
  readonly proxies: readonly RegisteredProxy[];
  /** Identity of the database it was read from; the revisions of two databases cannot be compared. */
  readonly source: string;
  /** Never falls within one source. */
  readonly revision: number;
}
