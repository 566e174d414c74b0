import type { Row } from '../contract.ts';
import { epochSecondsAt, type LabClock } from './clock.ts';

/** Where a back end refused a statement, and how. */
export interface BackendError {
  readonly hostgroup: number;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly client: string;
  readonly schema: string;
  readonly errno: number;
  readonly message: string;
}

interface ErrorRow extends BackendError {
  readonly firstUs: number;
  lastUs: number;
  count: number;
  message: string;
}

const ROWS_PER_STATEMENT = 32;

/** What `stats_mysql_errors` shows: errors that back ends sent during a query. */
export class ErrorTable {
  readonly #clock: LabClock;
  readonly #rows = new Map<string, ErrorRow>();

  constructor(clock: LabClock) {
    this.#clock = clock;
  }

  record(error: BackendError): void {
    const nowUs = this.#clock.monotonicUs();
    const key = JSON.stringify([...tableKey(error), error.client]);
    const known = this.#rows.get(key);
    if (known === undefined) {
      this.#rows.set(key, { ...error, firstUs: nowUs, lastUs: nowUs, count: 1 });
      return;
    }
    known.count += 1;
    known.lastUs = nowUs;
    known.message = error.message;
  }

  /**
   * Rows as they arrive in the table. The proxy counts per client, the table's key lacks the client, and rows go in 32
   * per statement: one collision loses the whole statement.
   */
  *rows(): Generator<Row> {
    const seconds = epochSecondsAt(this.#clock);
    const inserted = new Set<string>();
    const rows = [...this.#rows.values()];
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      const statement = rows.slice(from, from + ROWS_PER_STATEMENT);
      const keys = new Set(statement.map((row) => JSON.stringify(tableKey(row))));
      if (keys.size < statement.length || !keys.isDisjointFrom(inserted)) continue;
      for (const key of keys) inserted.add(key);
      for (const row of statement) yield cellsOf(row, seconds);
    }
  }

  reset(): number {
    const count = this.#rows.size;
    this.#rows.clear();
    return count;
  }
}

function tableKey(error: BackendError): readonly (string | number)[] {
  return [error.hostgroup, error.host, error.port, error.user, error.schema, error.errno];
}

function cellsOf(row: ErrorRow, seconds: (us: number) => number): Row {
  return [
    row.hostgroup,
    row.host,
    row.port,
    row.user,
    row.client,
    row.schema,
    row.errno,
    row.count,
    seconds(row.firstUs),
    seconds(row.lastUs),
    row.message,
  ];
}
