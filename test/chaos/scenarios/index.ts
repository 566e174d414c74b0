import type { Scenario } from '../harness/run-scenario.ts';
import { renamed } from './churn.ts';
import { allRestarted, killed, killedOnce, paused, rolled, scaled } from './gateway-faults.ts';
import { mixed } from './mixed.ts';
import { labsRestarted, moved, removed } from './proxy-faults.ts';
import { cutOff, partitioned, slow } from './redis-away.ts';
import { emptied, emptiedOnTheMove, emptiedSlow, older, restarted } from './redis-lost.ts';

/** The smallest of each kind, for every run of the tests. */
export const SMALL: readonly Scenario[] = [killedOnce, partitioned, emptiedOnTheMove(1)];

/** Everything, each fault by itself and then mixed. */
export const SCENARIOS: readonly Scenario[] = [
  killed,
  paused,
  allRestarted,
  scaled,
  rolled,
  emptied,
  restarted,
  slow,
  cutOff,
  partitioned,
  moved,
  labsRestarted,
  removed,
  renamed,
  emptiedOnTheMove(4),
  emptiedSlow,
  older,
  mixed('mixed', 8),
  mixed('prometheus', 4, true),
];
