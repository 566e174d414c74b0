import {
  CONFIG_MODULES,
  type ConfigModule,
  type ConfigRow,
  type ConfigTable,
  type LayerRows,
  MODULE_OF,
  type RowWrite,
} from './config-rows.ts';
import { changedFields, type RowChange } from './row-diff.ts';
import { byKey, isFixedTable, type RowRules, tablesOf } from './row-rules.ts';

export function writesOf(changes: readonly RowChange[]): readonly RowWrite[] {
  return changes.map((change) =>
    change.kind === 'delete'
      ? { kind: 'delete', table: change.table, key: change.row.key }
      : { kind: 'put', table: change.table, row: change.row },
  );
}

/** Modules that writes touch, in the order in which they are loaded: users come after the servers that they go to. */
export function modulesOf(writes: readonly RowWrite[]): readonly ConfigModule[] {
  const touched = new Set(writes.map(({ table }) => MODULE_OF[table]));
  return LOAD_ORDER.filter((module) => touched.has(module));
}

const LOAD_ORDER: readonly ConfigModule[] = ['variables', 'servers', 'users', 'rules'];

/** Tables of some modules out of all that a layer has. */
export function tablesOfModules(rows: LayerRows, modules: readonly ConfigModule[] = CONFIG_MODULES): LayerRows {
  return Object.fromEntries(
    tablesOf(rows)
      .filter((table) => modules.includes(MODULE_OF[table]))
      .map((table) => [table, rows[table]]),
  );
}

/**
 * What the rows are after the writes. A new row has those fields only that are written, since the rest is up to the proxy:
 * comparisons go by the fields of the expected row.
 */
export function applyWrites(rows: LayerRows, writes: readonly RowWrite[]): LayerRows {
  const tables = new Map<ConfigTable, Map<string, ConfigRow>>(
    tablesOf(rows).map((table) => [table, new Map(byKey(rows[table]))]),
  );
  for (const write of writes) {
    const table = tables.get(write.table) ?? new Map<string, ConfigRow>();
    tables.set(write.table, table);
    if (write.kind === 'delete') {
      table.delete(write.key);
      continue;
    }
    const before = table.get(write.row.key);
    table.set(write.row.key, { key: write.row.key, fields: { ...before?.fields, ...write.row.fields } });
  }
  return Object.fromEntries([...tables].map(([table, held]) => [table, [...held.values()]]));
}

/** The writes that make `from` what `to` is, whoever wrote the rows. Both have whole tables. */
export function writesBetween(rules: Pick<RowRules, 'isSame'>, from: LayerRows, to: LayerRows): readonly RowWrite[] {
  return tablesOf(from, to).flatMap((table) => {
    const [before, after] = [byKey(from[table]), byKey(to[table])];
    const puts = [...after.values()].flatMap((row): RowWrite[] => {
      const held = before.get(row.key);
      if (held === undefined) return [{ kind: 'put', table, row }];
      const fields = changedFields(rules, table, row, held).map(({ field, to: value }) => [field, value] as const);
      return fields.length === 0
        ? []
        : [{ kind: 'put', table, row: { key: row.key, fields: Object.fromEntries(fields) } }];
    });
    if (isFixedTable(table)) return puts;
    const gone = [...before.keys()].filter((key) => !after.has(key));
    return [...gone.map((key): RowWrite => ({ kind: 'delete', table, key })), ...puts];
  });
}
