import type { AnyRoute } from '#api/route';
import { batchOverrides, changeOverride, createOverride, deleteOverride } from './change-overrides.ts';
import { getDatabase, listInstances } from './get-database.ts';
import { getMapping } from './get-mapping.ts';
import { listChanges } from './list-changes.ts';
import { listDatabases } from './list-databases.ts';
import { listOrphans } from './list-orphans.ts';
import { getOverride, listOverrides } from './list-overrides.ts';
import { listServers } from './list-servers.ts';
import { drainServer, ignoreServer, pinServer, undrainServer, weighServer } from './server-actions.ts';
import { syncPlan } from './sync-plan.ts';

export const databasesRoutes: readonly AnyRoute[] = [
  listDatabases,
  getDatabase,
  listInstances,
  getMapping,
  listChanges,
  listServers,
  listOrphans,
  syncPlan,
  listOverrides,
  createOverride,
  getOverride,
  changeOverride,
  deleteOverride,
  batchOverrides,
  drainServer,
  undrainServer,
  weighServer,
  pinServer,
  ignoreServer,
];
