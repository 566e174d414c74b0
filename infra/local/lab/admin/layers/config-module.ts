import type { SqlRow } from '../storage/sql.ts';

/** What is loaded and saved as one, named as in runtime_checksums_values. */
export const MODULES = [
  'admin_variables',
  'mysql_query_rules',
  'mysql_servers',
  'mysql_users',
  'mysql_variables',
  'proxysql_servers',
] as const;
export type ModuleName = (typeof MODULES)[number];

/** Rows by the name of the runtime_ table that shows them. */
export type RuntimeTables = ReadonlyMap<string, readonly SqlRow[]>;

/** One module of the configuration in its three layers: disk, memory (the main tables) and runtime. */
export interface ConfigModule {
  readonly name: ModuleName;
  diskToMemory(): void;
  /** Answers how many rows the client is told of, which is 0 but for variables. */
  memoryToDisk(): number;
  memoryToRuntime(): void;
  runtimeToMemory(): void;
  /** Replaces memory by what a peer of the cluster shows as its runtime. */
  adopt(tables: RuntimeTables): void;
  /** What runtime holds now. */
  runtime(): RuntimeTables;
  /** The part of runtime that peers compare. */
  shared(): RuntimeTables;
}
