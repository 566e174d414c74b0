/**
 * Short, so that a scenario takes seconds, and long enough that its promise of two leases leaves a second and a half for a
 * machine that is busy: a heartbeat is due every 500 ms, and one to find a silence and one to learn of the plan take two.
 */
export const LEASE_MS = 3_000;
export const SLOT_GRACE_MS = 3_000;
export const GATEWAY_ENV = {
  GATEWAY_LEASE_MS: String(LEASE_MS),
  SLOT_GRACE_SECONDS: String(SLOT_GRACE_MS / 1000),
  REGISTRY_POLL_MS: '500',
  COLLECT_SHARE_MS: '200',
};
/** A gateway that is alive answers a probe within this, if it has anything to say. */
export const PROBE_MS = 1_500;
