import type { Generated } from 'kysely';
import type { AccessTables } from './access-tables.ts';
import type { ControlTables } from './control-tables.ts';
import type { DesiredStateTables } from './desired-tables.ts';
import type { ScanTables } from './scan/tables.ts';

/** Shapes of the rows as the driver gives them; what each column is for stands in the migrations and docs/dcdb.md. */
export interface DcdbTables extends ScanTables, AccessTables, DesiredStateTables, ControlTables {
  readonly namespaces: NamespaceTable;
  readonly proxies: ProxyTable;
  readonly registry_state: RegistryStateTable;
}

/** JSON comes parsed from MySQL and as text from MariaDB, where the type is an alias of LONGTEXT. */
export type JsonColumn = unknown;
/** TINYINT(1). */
export type FlagColumn = number | boolean;

export interface NamespaceTable {
  name: string;
  description: Generated<string>;
  online: Generated<FlagColumn>;
  read_only: Generated<FlagColumn>;
  owner: Generated<string>;
  tags: JsonColumn;
  spec: JsonColumn;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface ProxyTable {
  id: string;
  kind: string;
  namespace: string;
  admin_host: string;
  admin_port: number;
  admin_tls: FlagColumn;
  traffic_host: string | null;
  traffic_port: number | null;
  stats_credential_ref: string;
  admin_credential_ref: string | null;
  managed: Generated<FlagColumn>;
  region: Generated<string>;
  zone: Generated<string>;
  labels: JsonColumn;
  state: Generated<string>;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface RegistryStateTable {
  id: number;
  source: string;
  revision: number;
  updated_at: Generated<Date>;
}
