import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { ConfigTable } from '../../../domain/control/config-rows.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

const ROWS_AT_ONCE = 500;

export interface ImportedRow {
  readonly proxyId: string;
  readonly key: string;
}

/** From now on Proxywatch may change and delete these rows; those that it may already stay as they are. */
export function markManaged(
  tx: Transaction<DcdbTables>,
  table: ConfigTable,
  imported: readonly ImportedRow[],
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    for (let i = 0; i < imported.length; i += ROWS_AT_ONCE) {
      const rows = imported.slice(i, i + ROWS_AT_ONCE).map(({ proxyId, key }) => ({
        proxy_id: proxyId,
        config_table: table,
        row_hash: hash('sha256', key),
        row_key: key,
        operation_id: null,
      }));
      await tx.insertInto('managed_rows').ignore().values(rows).execute({ signal });
    }
  });
}
