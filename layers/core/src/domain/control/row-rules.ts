import type { ConfigRow, ConfigTable, FieldValue, LayerRows } from './config-rows.ts';

/** What must be known of a kind of proxy to compare its rows and to speak of them; a ProxyControl is one. */
export interface RowRules {
  isSame(table: ConfigTable, field: string, wanted: FieldValue, found: FieldValue): boolean;
  isOwn(table: ConfigTable, key: string): boolean;
  isSecret(table: ConfigTable, key: string, field: string): boolean;
  isMonitored(table: ConfigTable, field: string, memory: FieldValue, runtime: FieldValue): boolean;
  isAbsenceExpected(table: ConfigTable, key: string, memory: LayerRows, runtime: LayerRows): boolean;
  nameOf(table: ConfigTable, key: string): string;
}

/** Rows of a proxy that are always there and can be changed, never added or deleted. */
export function isFixedTable(table: ConfigTable): boolean {
  return table === 'variables';
}

export function byKey(rows: readonly ConfigRow[] | undefined): ReadonlyMap<string, ConfigRow> {
  return new Map((rows ?? []).map((row) => [row.key, row]));
}

/** The tables that are named in either. */
export function tablesOf(...layers: readonly LayerRows[]): readonly ConfigTable[] {
  return [...new Set(layers.flatMap((layer) => Object.keys(layer) as ConfigTable[]))].toSorted();
}
