import type { Generated } from 'kysely';
import type { FlagColumn, JsonColumn } from './tables.ts';

/** Shapes of the rows; what each column is for stands in the migration 0004-desired-state. */
export interface DesiredStateTables {
  readonly namespace_revisions: NamespaceRevisionsTable;
  readonly accounts: AccountsTable;
  readonly variable_settings: VariableSettingsTable;
  readonly server_overrides: ServerOverridesTable;
  readonly monitoring_settings: MonitoringSettingsTable;
  readonly alert_rules: AlertRulesTable;
}

export interface NamespaceRevisionsTable {
  namespace: string;
  revision: number;
  document: JsonColumn;
  author: string;
  reason: Generated<string>;
  at: Generated<Date>;
}

export interface AccountsTable {
  id: string;
  namespace: string;
  username: string;
  plugin: string;
  password_hash: Buffer;
  password_fingerprint: string | null;
  password_changed_at: Generated<Date>;
  default_hostgroup: number;
  default_schema: string | null;
  schema_locked: Generated<FlagColumn>;
  transaction_persistent: Generated<FlagColumn>;
  fast_forward: Generated<FlagColumn>;
  max_connections: Generated<number>;
  use_ssl: Generated<FlagColumn>;
  access: Generated<string>;
  allowed_ips: JsonColumn;
  active: Generated<FlagColumn>;
  owner: Generated<string>;
  comment: Generated<string>;
  expires_at: Generated<Date | null>;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface VariableSettingsTable {
  id: string;
  scope: string;
  scope_name: string;
  kind: string;
  name: string;
  value: string;
  is_secret: Generated<FlagColumn>;
  reason: Generated<string>;
  expires_at: Generated<Date | null>;
  created_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface ServerOverridesTable {
  id: string;
  namespace: string;
  host: string;
  port: number;
  hostgroup: number | null;
  kind: string;
  weight: number | null;
  reason: Generated<string>;
  expires_at: Generated<Date | null>;
  created_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  return_tried_at: Generated<Date | null>;
  return_operation: Generated<string | null>;
  returned_at: Generated<Date | null>;
  return_problem: Generated<string | null>;
}

export interface MonitoringSettingsTable {
  scope: string;
  scope_name: string;
  settings: JsonColumn;
  updated_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface AlertRulesTable {
  id: string;
  namespace: string;
  name: string;
  query: string;
  for_s: Generated<number>;
  labels: JsonColumn;
  annotations: JsonColumn;
  enabled: Generated<FlagColumn>;
  created_by: string;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}
