import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';

export type SqlValue = SQLOutputValue;
export type SqlRow = readonly SqlValue[];

export interface SqlResult {
  /** Empty when the statement returns no rows at all. */
  readonly columns: readonly string[];
  readonly rows: readonly SqlRow[];
  /** Rows that an INSERT, UPDATE, DELETE or REPLACE touched; 0 for everything else. */
  readonly changes: number;
}

const CHANGING = /^(?:INSERT|UPDATE|DELETE|REPLACE|WITH)\b/i;

/** Runs the first statement of `sql`; integers come as bigint, so that none loses a digit and none looks like a REAL. */
export function runSql(db: DatabaseSync, sql: string, ...parameters: SQLInputValue[]): SqlResult {
  const statement = db.prepare(sql);
  const columns = statement.columns().map(({ name }) => name);
  if (columns.length === 0) {
    const { changes } = statement.run(...parameters);
    // SQLite keeps the count of the last change, so DDL would repeat what an earlier statement did.
    return { columns, rows: [], changes: CHANGING.test(sql.trimStart()) ? Number(changes) : 0 };
  }
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  return { columns, rows: statement.all(...parameters) as unknown as SqlRow[], changes: 0 };
}

export function readRows(db: DatabaseSync, sql: string, ...parameters: SQLInputValue[]): readonly SqlRow[] {
  return runSql(db, sql, ...parameters).rows;
}

/** All or nothing: `work` sees one transaction, an error undoes it. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** A value as the admin interface shows it: text, or NULL. */
export function textOf(value: SqlValue): string | Uint8Array | null {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value;
  return typeof value === 'bigint' ? value.toString() : realText(value);
}

/** As the SQLite inside ProxySQL prints a REAL: 15 significant digits, always with a point, exponents from e+15 and below e-04. */
function realText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  const [mantissa = '', exponent = '0'] = value.toExponential(14).split('e');
  if (Number(exponent) >= -4 && Number(exponent) < 15) return withPoint(String(Number(value.toPrecision(15))));
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${withPoint(String(Number(mantissa)))}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}

function withPoint(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`;
}
