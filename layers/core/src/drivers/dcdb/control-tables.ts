import type { Generated } from 'kysely';
import type { JsonColumn } from './tables.ts';

/** Shapes of the rows; what each column is for stands in the migration 0005-control. */
export interface ControlTables {
  readonly plans: PlansTable;
  readonly operations: OperationsTable;
  readonly operation_groups: OperationGroupsTable;
  readonly operation_events: OperationEventsTable;
  readonly proxy_locks: ProxyLocksTable;
  readonly pre_images: PreImagesTable;
  readonly managed_rows: ManagedRowsTable;
  readonly applied_checksums: AppliedChecksumsTable;
}

export interface PlansTable {
  id: string;
  namespace: string;
  state: string;
  document: string;
  created_by: string;
  created_at: Generated<Date>;
  expires_at: Generated<Date>;
}

export interface OperationsTable {
  id: string;
  kind: string;
  plan_id: string | null;
  of_operation: string | null;
  namespace: string;
  state: string;
  strategy: JsonColumn;
  reason: Generated<string>;
  problem: string | null;
  created_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  ended_at: Generated<Date | null>;
}

export interface OperationGroupsTable {
  operation_id: string;
  group_id: string;
  position: number;
  members: JsonColumn;
  state: string;
  step: string;
  pending: JsonColumn;
  lease_owner: string | null;
  lease_until: Generated<Date | null>;
  attempts: Generated<number>;
  problem: string | null;
  updated_at: Generated<Date>;
}

export interface OperationEventsTable {
  id: Generated<number>;
  operation_id: string;
  group_id: string | null;
  proxy_id: string | null;
  at: Generated<Date>;
  severity: string;
  message: string;
}

export interface ProxyLocksTable {
  proxy_id: string;
  operation_id: string;
  at: Generated<Date>;
}

export interface PreImagesTable {
  operation_id: string;
  proxy_id: string;
  sealed: string;
  created_at: Generated<Date>;
  expires_at: Generated<Date>;
}

export interface ManagedRowsTable {
  proxy_id: string;
  config_table: string;
  row_hash: string;
  row_key: string;
  operation_id: string | null;
  at: Generated<Date>;
}

export interface AppliedChecksumsTable {
  proxy_id: string;
  module: string;
  checksum: string;
  operation_id: string;
  at: Generated<Date>;
}
