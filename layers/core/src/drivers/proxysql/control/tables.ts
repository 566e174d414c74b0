import {
  CONFIG_TABLES,
  type ConfigModule,
  type ConfigRow,
  type ConfigTable,
  type FieldValue,
  MODULE_OF,
} from '../../../domain/control/config-rows.ts';
import { ProxywatchError } from '../../../domain/errors.ts';

/** One table of ProxySQL as its three layers name it. */
export interface TableNames {
  readonly memory: string;
  readonly runtime: string;
  readonly disk: string;
  /** Columns that tell its rows apart, in the order of a row's key. */
  readonly keys: readonly string[];
}

export const TABLES: Readonly<Record<ConfigTable, TableNames>> = {
  users: named('mysql_users', 'username'),
  servers: named('mysql_servers', 'hostgroup_id', 'hostname', 'port'),
  replicationHostgroups: named('mysql_replication_hostgroups', 'writer_hostgroup'),
  rules: named('mysql_query_rules', 'rule_id'),
  variables: named('global_variables', 'variable_name'),
};

/** A row as the proxy has it, by column. */
export type TableRow = Readonly<Record<string, FieldValue>>;

function named(memory: string, ...keys: string[]): TableNames {
  return { memory, runtime: `runtime_${memory}`, disk: `disk.${memory}`, keys };
}

export function tablesOf(modules: readonly ConfigModule[]): readonly ConfigTable[] {
  return CONFIG_TABLES.filter((table) => modules.includes(MODULE_OF[table]));
}

export const userKey = (username: string): string => JSON.stringify([username]);
export const serverKey = (hostgroup: number | string, host: string, port: number | string): string =>
  JSON.stringify([String(hostgroup), host, String(port)]);
export const replicationKey = (writerHostgroup: number | string): string => JSON.stringify([String(writerHostgroup)]);
export const ruleKey = (ruleId: number | string): string => JSON.stringify([String(ruleId)]);
export const variableKey = (name: string): string => JSON.stringify([name]);

export function keyOfRow(table: ConfigTable, row: TableRow): string {
  return JSON.stringify(TABLES[table].keys.map((column) => row[column] ?? ''));
}

/** The parts of a key; throws PROXY_STATEMENT for one that is none of the table. */
export function partsOfKey(table: ConfigTable, key: string): readonly string[] {
  const parts = parsed(key);
  if (
    !Array.isArray(parts) ||
    parts.length !== TABLES[table].keys.length ||
    parts.some((part) => typeof part !== 'string')
  )
    throw new ProxywatchError('PROXY_STATEMENT', `no key of ${table}: ${JSON.stringify(key.slice(0, 80))}`);
  return parts;
}

/** The key's columns with their values. */
export function keyFields(table: ConfigTable, key: string): TableRow {
  const parts = partsOfKey(table, key);
  return Object.fromEntries(TABLES[table].keys.map((column, i) => [column, parts[i] ?? '']));
}

export function rowsByKey(rows: readonly ConfigRow[] | undefined): ReadonlyMap<string, ConfigRow> {
  return new Map((rows ?? []).map((row) => [row.key, row]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
