import { CONFIG_TABLES, type ConfigTable, type RowWrite } from '../../../domain/control/config-rows.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { fieldLiteral } from './field-text.ts';
import { changedColumns, deletions, insertions, type KeyChange, updates, whereKey } from './row-statements.ts';
import { keyFields, keyOfRow, TABLES, type TableRow } from './tables.ts';
import { joinHalves, splitHalves, withFields } from './user-halves.ts';

/** What a table in memory holds: its columns and rows as the proxy has them. */
export interface MemoryTable {
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}
export type Memory = ReadonlyMap<ConfigTable, MemoryTable>;

/** Statements that make a change, and those that take back whatever part of it happened. */
export interface WritePlan {
  readonly statements: readonly string[];
  readonly undo: readonly string[];
}

/**
 * The statements for these writes, over what memory holds now: UPDATE for a row that is there and stays in its form, DELETE
 * and INSERT for all else (ProxySQL's tables have two unique keys, so that there is no upsert). Of several writes of a key each
 * goes on from the one before.
 * Throws PROXY_STATEMENT for what cannot be written at all, before anything is sent.
 */
export function planWrites(memory: Memory, writes: readonly RowWrite[]): WritePlan {
  const statements: string[] = [];
  const undo: string[] = [];
  for (const table of CONFIG_TABLES) {
    const ofTable = writes.filter((write) => write.table === table);
    const held = memory.get(table);
    if (ofTable.length === 0) continue;
    if (held === undefined) throw new ProxywatchError('PROXY_STATEMENT', `${TABLES[table].memory} was not read`);
    const plan = planTable(table, held, ofTable);
    statements.push(...plan.statements);
    undo.unshift(...plan.undo);
  }
  return { statements, undo };
}

function planTable(table: ConfigTable, { columns, rows }: MemoryTable, writes: readonly RowWrite[]): WritePlan {
  const byKey = Map.groupBy(rows.toSorted(frontendFirst), (row) => keyOfRow(table, row));
  const changes = new Map<string, KeyChange>();
  for (const write of writes) {
    const key = keyOfRow(table, keyFields(table, write.kind === 'put' ? write.row.key : write.key));
    const before = byKey.get(key) ?? [];
    const base = changes.get(key)?.after ?? before;
    changes.set(key, { key, before, after: write.kind === 'put' ? rowsAfter(table, columns, base, write.row) : [] });
  }
  const changed = [...changes.values()].filter(({ before, after }) => !isSameRows(before, after));
  if (table === 'variables') return planVariables(changed);
  const { updated = [], remade = [] } = Object.groupBy(changed, (change) =>
    isUpdate(table, change) ? 'updated' : 'remade',
  );
  return {
    statements: [
      ...deletions(
        table,
        remade.filter(({ before }) => before.length > 0),
      ),
      ...updated.flatMap((change) => updates(table, change)),
      ...insertions(
        table,
        remade.flatMap(({ after }) => after),
      ),
    ],
    undo: [
      ...deletions(table, changed),
      ...insertions(
        table,
        changed.flatMap(({ before }) => before),
      ),
    ],
  };
}

/** The proxy knows its variables: none can be added or taken away. */
function planVariables(changes: readonly KeyChange[]): WritePlan {
  const set = (key: string, row: TableRow | undefined) =>
    `UPDATE global_variables SET variable_value=${fieldLiteral(row?.variable_value ?? '')} WHERE ${whereKey('variables', key)}`;
  for (const { key, before, after } of changes) {
    const name = keyFields('variables', key).variable_name;
    if (before.length === 0) throw new ProxywatchError('PROXY_STATEMENT', `the proxy has no variable ${name}`);
    if (after.length === 0) throw new ProxywatchError('PROXY_STATEMENT', `variable ${name} cannot be deleted`);
  }
  return {
    statements: changes.map(({ key, after }) => set(key, after[0])),
    undo: changes.map(({ key, before }) => set(key, before[0])),
  };
}

function rowsAfter(
  table: ConfigTable,
  columns: readonly string[],
  before: readonly TableRow[],
  row: { readonly key: string; readonly fields: TableRow },
): readonly TableRow[] {
  const decided = { ...row.fields, ...keyFields(table, row.key) };
  if (table !== 'users') return [onlyColumns(table, columns, { ...before[0], ...decided })];
  const [existing] = joinHalves(before);
  const wanted = existing === undefined ? decided : withFields(existing.fields, decided);
  const halves = splitHalves(wanted).map((half) => onlyColumns(table, columns, half));
  const [only] = halves;
  // The halves lie apart already and hold the same: they are left apart.
  if (before.length === 2 && halves.length === 1 && only?.frontend === '1' && only.backend === '1') {
    return before.map(({ frontend = null, backend = null }) => ({ ...only, frontend, backend }));
  }
  return halves;
}

function frontendFirst(a: TableRow, b: TableRow): number {
  return Number(b.frontend ?? 0) - Number(a.frontend ?? 0);
}

function onlyColumns(table: ConfigTable, columns: readonly string[], row: TableRow): TableRow {
  const unknown = Object.keys(row).filter((column) => !columns.includes(column));
  if (unknown.length > 0) {
    const names = unknown.map((column) => JSON.stringify(column.slice(0, 80))).join(', ');
    throw new ProxywatchError('PROXY_STATEMENT', `${TABLES[table].memory} has no column ${names} in this version`);
  }
  return row;
}

function isSameRows(before: readonly TableRow[], after: readonly TableRow[]): boolean {
  return goesOn(before, after) && after.every((row, i) => changedColumns(before[i], row).length === 0);
}

/** Row by row with the same columns; a row that was deleted and comes anew has only those that were decided. */
function goesOn(before: readonly TableRow[], after: readonly TableRow[]): boolean {
  const isWhole = (row: TableRow, i: number) => Object.keys(before[i] ?? {}).every((column) => column in row);
  return before.length === after.length && after.every(isWhole);
}

// A swap of values of a unique column would fail half-way as UPDATEs.
const UNIQUE_BESIDE_KEY: Readonly<Partial<Record<ConfigTable, readonly string[]>>> = {
  users: ['frontend', 'backend'],
  replicationHostgroups: ['reader_hostgroup'],
};

function isUpdate(table: ConfigTable, { before, after }: KeyChange): boolean {
  if (before.length === 0 || !goesOn(before, after)) return false;
  const remaking = UNIQUE_BESIDE_KEY[table] ?? [];
  return after.every((row, i) => !changedColumns(before[i], row).some((column) => remaking.includes(column)));
}
