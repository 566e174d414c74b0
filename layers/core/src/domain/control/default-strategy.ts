import { DEFAULT_HEALTH_LIMITS } from './health.ts';
import type { Strategy } from './operation.ts';

/** How a plan is applied when nobody says otherwise. */
export const DEFAULT_STRATEGY: Strategy = {
  canary: { groups: 1, pauseMs: 10_000 },
  parallelism: 5,
  onError: 'rollback',
  health: { windowMs: 5_000, ...DEFAULT_HEALTH_LIMITS },
  maxProxies: 100,
};
