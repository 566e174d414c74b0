import { z } from 'zod';
import { findTable } from './admin/storage/schema.ts';

/** Values of global variables by full name. */
export const labVariables = z.record(z.string().regex(/^(?:mysql|admin)-/), z.string());

/**
 * Form of LAB_BACKENDS: rows of the configuration tables of a new lab proxy, with the tables' own columns; those that are
 * not named keep their defaults. Every list may be left out. Passwords are clear text or `*`-hashed.
 */
export const labBackends = z.strictObject({
  servers: rowsOf('mysql_servers').optional(),
  users: rowsOf('mysql_users').optional(),
  rules: rowsOf('mysql_query_rules').optional(),
  replicationHostgroups: rowsOf('mysql_replication_hostgroups').optional(),
  /** Global variables other than the recorded ones, by full name. */
  variables: labVariables.optional(),
});
export type LabBackends = z.output<typeof labBackends>;

/** INSERTs that put the rows into the memory tables. */
export function firstRunSql({ servers, users, rules, replicationHostgroups }: LabBackends): readonly string[] {
  return [
    ...inserts('mysql_servers', servers),
    ...inserts('mysql_users', users),
    ...inserts('mysql_query_rules', rules),
    ...inserts('mysql_replication_hostgroups', replicationHostgroups),
  ];
}

type ConfigurationRow = Readonly<Record<string, string | number | null>>;

function rowsOf(table: string): z.ZodType<readonly ConfigurationRow[]> {
  const columns = new Set(findTable('main', table)?.columns.map(({ name }) => name));
  const column = z.string().refine((name) => columns.has(name));
  const value = z.union([z.string(), z.number(), z.null()], { error: 'neither text nor number nor null' });
  const error = ({ code }: { readonly code?: string }) =>
    code === 'invalid_key' ? `no column of ${table}` : undefined;
  return z.array(z.record(column, value, { error }));
}

function inserts(table: string, rows: readonly ConfigurationRow[] = []): readonly string[] {
  return rows.map((row) => {
    const values = Object.values(row).map(literal).join(', ');
    return `INSERT INTO main.${table} (${Object.keys(row).join(', ')}) VALUES (${values})`;
  });
}

/** SQLite knows no backslash in strings: a quote is doubled. */
function literal(value: string | number | null): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return value === null ? 'NULL' : String(value);
}
