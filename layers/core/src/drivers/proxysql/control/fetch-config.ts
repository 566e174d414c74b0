import type {
  ConfigLayer,
  ConfigModule,
  ConfigRow,
  ConfigSnapshot,
  ConfigTable,
  LayerRows,
} from '../../../domain/control/config-rows.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { malformed, type Query, textOf } from '../cells.ts';
import { decodeField } from './field-text.ts';
import { whereKeys } from './row-statements.ts';
import { keyOfRow, TABLES, type TableRow, tablesOf } from './tables.ts';
import { joinHalves } from './user-halves.ts';

/** Tables as long as this are read; a longer one is refused, since a part of it would look like deletions. */
export const MAX_TABLE_ROWS = 200_000;

const COLUMN_NAME = /^[A-Za-z_]\w*$/;
const NAME_IN_TABLE_INFO = 1;
// Other programs' variables (of PostgreSQL, ClickHouse, LDAP) are of modules that nothing here loads.
const OWN_VARIABLES = `variable_name LIKE 'mysql-%' OR variable_name LIKE 'admin-%'`;

/** Columns of the tables as the version of this proxy has them, in their order; asked for once each. */
export type ColumnsOf = (query: Query, table: ConfigTable) => Promise<readonly string[]>;

export function createColumns(): ColumnsOf {
  const known = new Map<ConfigTable, readonly string[]>();
  return async (query, table) => {
    const columns = known.get(table) ?? (await fetchColumns(query, table));
    known.set(table, columns);
    return columns;
  };
}

async function fetchColumns(query: Query, table: ConfigTable): Promise<readonly string[]> {
  const rows = await query(`PRAGMA table_info(${TABLES[table].memory})`);
  const columns = rows.map((row) => textOf(row, NAME_IN_TABLE_INFO));
  if (!columns.every((column) => COLUMN_NAME.test(column))) throw malformed(`columns of ${TABLES[table].memory}`);
  for (const key of TABLES[table].keys) {
    if (!columns.includes(key)) throw malformed(`${TABLES[table].memory} has no column ${key}`);
  }
  return columns;
}

/** The rows of one table in one layer as the proxy has them, a user's halves apart; of these keys only, if any are given. */
export async function fetchTable(
  query: Query,
  columnsOf: ColumnsOf,
  table: ConfigTable,
  layer: ConfigLayer,
  keys?: readonly string[],
): Promise<readonly TableRow[]> {
  const columns = await columnsOf(query, table);
  const from = TABLES[table][layer];
  const conditions = [
    ...(table === 'variables' ? [OWN_VARIABLES] : []),
    ...(keys === undefined ? [] : [whereKeys(table, keys)]),
  ];
  const where =
    conditions.length === 0 ? '' : ` WHERE ${conditions.map((condition) => `(${condition})`).join(' AND ')}`;
  const rows = await query(`SELECT ${columns.join(',')} FROM ${from}${where} LIMIT ${MAX_TABLE_ROWS + 1}`);
  if (rows.length > MAX_TABLE_ROWS) {
    throw new ProxywatchError('PROXY_UNSUPPORTED', `${from} has more than ${MAX_TABLE_ROWS} rows`);
  }
  return rows.map((row) => {
    if (row.length !== columns.length) throw malformed(`a row of ${from} has ${row.length} columns`);
    return Object.fromEntries(columns.map((column, i) => [column, decodeField(row[i] ?? null)]));
  });
}

/** Rows as everybody outside of the driver sees them: one of each key. */
export function configRows(table: ConfigTable, rows: readonly TableRow[]): readonly ConfigRow[] {
  if (table === 'users') return joinHalves(rows);
  return rows.map((row) => ({ key: keyOfRow(table, row), fields: row }));
}

export async function fetchConfig(
  query: Query,
  columnsOf: ColumnsOf,
  modules: readonly ConfigModule[],
  layers: readonly ConfigLayer[],
): Promise<ConfigSnapshot> {
  const snapshot: Partial<Record<ConfigLayer, LayerRows>> = {};
  for (const layer of new Set(layers)) {
    const tables: Partial<Record<ConfigTable, readonly ConfigRow[]>> = {};
    for (const table of tablesOf(modules)) {
      tables[table] = configRows(table, await fetchTable(query, columnsOf, table, layer));
    }
    snapshot[layer] = tables;
  }
  return snapshot;
}
