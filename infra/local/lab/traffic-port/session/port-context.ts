import type { LabStatistics } from '../../stats/lab-statistics.ts';
import type { BackendPool } from '../backend/backend-pool.ts';
import type { PortSettings } from '../port-settings.ts';
import type { Route, StatementToRoute } from '../routing/query-router.ts';

/** What all sessions of a traffic port share. */
export interface PortContext {
  readonly stats: LabStatistics;
  readonly pool: BackendPool;
  readonly settings: () => PortSettings;
  readonly route: (statement: StatementToRoute) => Route;
}
