/** Short, so that a scenario takes seconds; a heartbeat every 500 ms leaves room for three that fail. */
export const LEASE_MS = 2_000;
export const SLOT_GRACE_MS = 3_000;
export const GATEWAY_ENV = {
  GATEWAY_LEASE_MS: String(LEASE_MS),
  SLOT_GRACE_SECONDS: String(SLOT_GRACE_MS / 1000),
  REGISTRY_POLL_MS: '500',
  COLLECT_SHARE_MS: '200',
};
/** A gateway that is alive answers a probe within this, if it has anything to say. */
export const PROBE_MS = 1_500;
