import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Cell } from '../../contract.ts';
import type { TableDefinition } from './schema.ts';
import { inTransaction, type SqlRow } from './sql.ts';

export interface TableFiller {
  /** Replaces what a table holds by `rows`, given in the table's column order. */
  fill(table: TableDefinition, rows: Iterable<readonly Cell[] | SqlRow>): void;
}

// Fewer calls into SQLite than row by row; larger batches gained nothing.
const BATCH_ROWS = 16;

/** Fills whole tables fast: 100,000 digests in about 0.1 s, since every read of the statistics rebuilds them. */
export function createTableFiller(db: DatabaseSync): TableFiller {
  const statements = new Map<string, StatementSync>();

  function inserter(table: TableDefinition, rows: number): StatementSync {
    const key = `${table.schema}.${table.name}`;
    const known = statements.get(`${key}:${rows}`);
    if (known !== undefined) return known;
    const row = `(${table.columns.map(() => '?').join(',')})`;
    const made = db.prepare(`INSERT INTO ${key} VALUES ${Array<string>(rows).fill(row).join(',')}`);
    statements.set(`${key}:${rows}`, made);
    return made;
  }

  return {
    fill(table, rows) {
      inTransaction(db, () => {
        db.exec(`DELETE FROM ${table.schema}.${table.name}`);
        const width = table.columns.length;
        let values: SQLInputValue[] = [];
        for (const row of rows) {
          if (row.length !== width) {
            throw new ProxywatchError(
              'PROXY_PROTOCOL',
              `${table.name} has ${width} columns, the row has ${row.length}`,
            );
          }
          for (let i = 0; i < width; i++) values.push(bindable(row[i] ?? null, table.columns[i]?.integer === true));
          if (values.length === width * BATCH_ROWS) {
            inserter(table, BATCH_ROWS).run(...values);
            values = [];
          }
        }
        for (let i = 0; i < values.length; i += width) inserter(table, 1).run(...values.slice(i, i + width));
      });
    },
  };
}

/** Numbers are bound as REAL; only an INT column turns 62.0 back into 62, so elsewhere integers go as bigint. */
function bindable(value: SQLInputValue, integerColumn: boolean): SQLInputValue {
  return typeof value === 'number' && !integerColumn && Number.isSafeInteger(value) ? BigInt(value) : value;
}
