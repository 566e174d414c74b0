import { readFileSync } from 'node:fs';

export type SchemaName = 'main' | 'disk' | 'stats' | 'monitor' | 'stats_history';

export interface TableDefinition {
  readonly schema: SchemaName;
  readonly name: string;
  /** CREATE TABLE as ProxySQL shows it. */
  readonly sql: string;
  readonly columns: readonly ColumnDefinition[];
}

export interface ColumnDefinition {
  readonly name: string;
  readonly integer: boolean;
}

/** The tables of the lab proxy: those of a recorded ProxySQL 2.7.2 that we serve; all others are refused as unknown. */
export const TABLES: readonly TableDefinition[] = parseSchema(
  readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
);

/** Parses a dump of `-- schema.table` lines, each followed by the CREATE TABLE; disk mirrors what main keeps. */
export function parseSchema(dump: string): readonly TableDefinition[] {
  const tables = [...dump.matchAll(/^-- (\w+)\.(\w+)\n(CREATE TABLE [\s\S]*?);$/gm)].map(
    ([, schema = '', name = '', sql = '']) => ({ schema: schema as SchemaName, name, sql, columns: columnsOf(sql) }),
  );
  const kept = tables.filter(({ schema, name }) => schema === 'main' && !name.startsWith('runtime_'));
  return [...tables, ...kept.map((table) => ({ ...table, schema: 'disk' as const }))];
}

export function findTable(schema: SchemaName, name: string): TableDefinition | undefined {
  return TABLES.find((table) => table.schema === schema && table.name === name);
}

/** The statement that creates a table inside its attached schema. */
export function creationOf(table: TableDefinition): string {
  const sql = KEYLESS.has(table.name) ? table.sql.replace(/,\s*PRIMARY KEY\s*\([^)]*\)/, '') : table.sql;
  return sql.replace(/^CREATE TABLE /, `CREATE TABLE IF NOT EXISTS ${table.schema}.`);
}

// Rows of digests come out of a map with that very key, and the index alone costs two thirds of a refresh.
const KEYLESS = new Set(['stats_mysql_query_digest', 'stats_mysql_query_digest_reset']);

function columnsOf(sql: string): readonly ColumnDefinition[] {
  const body = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'));
  return topLevelParts(body)
    .filter((part) => !/^(?:PRIMARY KEY|UNIQUE)\s*\(/i.test(part))
    .map((part) => {
      const [, name = '', type = ''] = /^`?(\w+)`?\s*(\w*)/.exec(part) ?? [];
      return { name, integer: /INT/i.test(type) };
    });
}

function topLevelParts(body: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= body.length; i++) {
    const character = body[i];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if ((character === ',' && depth === 0) || i === body.length) {
      parts.push(body.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts;
}
