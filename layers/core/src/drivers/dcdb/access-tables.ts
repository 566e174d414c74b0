import type { Generated } from 'kysely';
import type { JsonColumn } from './tables.ts';

/** Shapes of the rows; what each column is for stands in the migration 0003-access. */
export interface AccessTables {
  readonly role_bindings: RoleBindingsTable;
  readonly audit: AuditTable;
  readonly idempotency_keys: IdempotencyKeysTable;
  readonly settings: SettingsTable;
}

export interface RoleBindingsTable {
  id: string;
  subject_kind: string;
  subject: string;
  role: string;
  namespace: string;
  created_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface AuditTable {
  id: Generated<number>;
  at: Generated<Date>;
  actor: string;
  source_address: Generated<string>;
  request_id: string;
  action: string;
  resource_type: string;
  resource_id: string;
  namespace: string | null;
  before_state: JsonColumn;
  after_state: JsonColumn;
  reason: Generated<string>;
}

export interface IdempotencyKeysTable {
  caller: string;
  idempotency_key: string;
  request_hash: string;
  state: string;
  answer: string | null;
  locked_until: Generated<Date>;
  created_at: Generated<Date>;
  expires_at: Generated<Date>;
}

export interface SettingsTable {
  name: string;
  value: JsonColumn;
  revision: Generated<number>;
  updated_by: Generated<string>;
  updated_at: Generated<Date>;
}
