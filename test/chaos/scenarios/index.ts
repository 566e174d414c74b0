import type { Scenario } from '../harness/run-scenario.ts';
import { renamed } from './churn.ts';
import { allRestarted, killed, paused, rolled, scaled } from './gateway-faults.ts';
import { mixed } from './mixed.ts';
import { labsRestarted, moved, removed } from './proxy-faults.ts';
import { cutOff, emptied, emptiedOnTheMove, emptiedSlow, older, partitioned, restarted, slow } from './redis-faults.ts';

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
  emptiedOnTheMove,
  emptiedSlow,
  older,
  mixed('mixed', 8),
  mixed('prometheus', 4, true),
];
