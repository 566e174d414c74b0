import type { DatabaseSync } from 'node:sqlite';
import { findTable } from '../storage/schema.ts';
import { inTransaction, readRows, type SqlRow } from '../storage/sql.ts';
import type { ConfigModule, ModuleName, RuntimeTables } from './config-module.ts';

interface TableRules {
  readonly table: string;
  /** Reads from main.<table> what LOAD takes to runtime, in the order of the runtime table. */
  readonly toRuntime: string;
  /** Prepares main.<table> for the rows that SAVE … FROM RUNTIME brings back. */
  readonly beforeSave: string;
  /** A runtime row as it goes back to memory. */
  readonly fromRuntime?: (row: SqlRow) => SqlRow;
}

const columnsOf = (table: string): readonly string[] => findTable('main', table)?.columns.map(({ name }) => name) ?? [];
const plain = (table: string, where = ''): TableRules => ({
  table,
  toRuntime: `SELECT * FROM main.${table} ${where}`,
  beforeSave: `DELETE FROM main.${table}`,
});

/** A user is two rows at runtime, one for each side of the proxy; inactive users have none. */
function userSide(side: 'frontend' | 'backend'): string {
  const columns = columnsOf('mysql_users').map((name) => {
    if (name === side) return '1';
    return name === 'frontend' || name === 'backend' ? '0' : name;
  });
  return `SELECT ${columns.join(',')} FROM main.mysql_users WHERE active = 1 AND ${side} = 1`;
}

const STATUS = columnsOf('mysql_servers').indexOf('status');
const TABLES_OF: ReadonlyMap<ModuleName, readonly TableRules[]> = new Map([
  [
    'mysql_users',
    [
      {
        table: 'mysql_users',
        toRuntime: `${userSide('frontend')} UNION ALL ${userSide('backend')}`,
        // Inactive users are not at runtime, so a SAVE must leave them where they are.
        beforeSave: 'UPDATE main.mysql_users SET active = 0',
      },
    ],
  ],
  [
    'mysql_servers',
    [
      {
        ...plain('mysql_servers'),
        // SHUNNED is what the monitor thinks at the moment, not configuration.
        fromRuntime: (row) => row.map((value, i) => (i === STATUS && value === 'SHUNNED' ? 'ONLINE' : value)),
      },
      plain('mysql_replication_hostgroups'),
    ],
  ],
  ['mysql_query_rules', [plain('mysql_query_rules', 'WHERE active = 1 ORDER BY rule_id')]],
  ['proxysql_servers', [plain('proxysql_servers')]],
]);

/** The modules that live in tables of their own. */
export function createTableModules(db: DatabaseSync): readonly ConfigModule[] {
  return [...TABLES_OF].map(([name, rules]) => createTableModule(db, name, rules));
}

function createTableModule(db: DatabaseSync, name: ModuleName, rules: readonly TableRules[]): ConfigModule {
  let runtime: RuntimeTables = new Map(rules.map(({ table }) => [`runtime_${table}`, []]));

  function copy(from: string, to: string): void {
    inTransaction(db, () => {
      for (const { table } of rules) {
        db.exec(`DELETE FROM ${to}.${table}; INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table}`);
      }
    });
  }

  function replaceMemory(tables: RuntimeTables, prepare: (rule: TableRules) => string): void {
    inTransaction(db, () => {
      for (const rule of rules) {
        db.exec(prepare(rule));
        const marks = columnsOf(rule.table).map(() => '?');
        const insert = db.prepare(`REPLACE INTO main.${rule.table} VALUES (${marks.join(',')})`);
        for (const row of tables.get(`runtime_${rule.table}`) ?? []) insert.run(...(rule.fromRuntime?.(row) ?? row));
      }
    });
  }

  return {
    name,
    diskToMemory: () => copy('disk', 'main'),
    memoryToDisk() {
      copy('main', 'disk');
      return 0;
    },
    memoryToRuntime() {
      runtime = new Map(rules.map(({ table, toRuntime }) => [`runtime_${table}`, readRows(db, toRuntime)]));
    },
    runtimeToMemory: () => replaceMemory(runtime, ({ beforeSave }) => beforeSave),
    adopt: (tables) => replaceMemory(tables, ({ table }) => `DELETE FROM main.${table}`),
    runtime: () => runtime,
    shared: () => runtime,
  };
}
