import { createHash } from 'node:crypto';
import { CONFIG_TABLES, type ConfigTable } from '../../../domain/control/config-rows.ts';
import type { RowRef } from '../../../domain/control/group-work.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { wordOf } from './json-value.ts';

const INSERT_ROWS = 500;

/** Rows on a proxy that Proxywatch may change and delete. */
export function fetchManagedRows(db: Dcdb, proxyId: string, signal?: AbortSignal): Promise<readonly RowRef[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('managed_rows')
      .select(['config_table', 'row_key'])
      .where('proxy_id', '=', proxyId)
      .orderBy('config_table')
      .orderBy('row_hash')
      .execute({ signal });
    return rows.map(({ config_table, row_key }) => ({
      table: wordOf(CONFIG_TABLES, config_table, 'managed_rows.config_table'),
      key: row_key,
    }));
  });
}

export interface ManagedTables {
  readonly proxyId: string;
  readonly tables: readonly ConfigTable[];
  /** All that are managed in these tables. */
  readonly rows: readonly RowRef[];
  /** @default - they were imported */
  readonly operationId?: string;
}

/** Makes the managed rows of some tables of a proxy exactly these. */
export async function replaceManagedRows(
  tx: Dcdb,
  { proxyId, tables, rows, operationId }: ManagedTables,
): Promise<void> {
  if (tables.length > 0) {
    await tx.deleteFrom('managed_rows').where('proxy_id', '=', proxyId).where('config_table', 'in', tables).execute();
  }
  await addManagedRows(tx, proxyId, rows, operationId);
}

/** Takes rows over, for whoever imports them; those that are managed already stay so. */
export async function addManagedRows(
  tx: Dcdb,
  proxyId: string,
  rows: readonly RowRef[],
  operationId?: string,
): Promise<void> {
  for (let i = 0; i < rows.length; i += INSERT_ROWS) {
    const values = rows.slice(i, i + INSERT_ROWS).map(({ table, key }) => ({
      proxy_id: proxyId,
      config_table: table,
      row_hash: createHash('sha256').update(key).digest('hex'),
      row_key: key,
      operation_id: operationId ?? null,
    }));
    await tx.insertInto('managed_rows').ignore().values(values).execute();
  }
}
