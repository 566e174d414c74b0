import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import type { Row } from '../contract.ts';
import { epochSecondsAt, type LabClock } from './clock.ts';

/** Who ran a statement, where. `client` is empty unless hosts are tracked. */
export interface DigestOrigin {
  readonly hostgroup: number;
  readonly schema: string;
  readonly user: string;
  readonly client: string;
}

export interface Execution {
  readonly timeUs: number;
  readonly rowsAffected: number;
  readonly rowsSent: number;
}

interface DigestRow extends DigestOrigin {
  readonly digest: string;
  readonly text: string;
  readonly firstUs: number;
  lastUs: number;
  count: number;
  sumUs: number;
  minUs: number;
  maxUs: number;
  affected: number;
  sent: number;
}

interface KnownText {
  readonly digest: string;
  readonly rows: DigestRow[];
}

/** What `stats_mysql_query_digest` shows: one row per origin and digest, counted up when an execution ends. */
export class DigestTable {
  readonly #clock: LabClock;
  readonly #texts = new Map<string, KnownText>();
  readonly #rows: DigestRow[] = [];

  constructor(clock: LabClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Counts one execution of the statement with this digest text. */
  record(origin: DigestOrigin, text: string, execution: Execution): void {
    this.#addTo(this.#rowFor(origin, text), execution);
  }

  /** Puts a row in whose digest is given rather than computed, last executed now for the `count`-th time. */
  seed(origin: DigestOrigin, text: string, digest: string, execution: Execution, count = 1): void {
    const known: KnownText = this.#texts.get(text) ?? { digest, rows: [] };
    this.#texts.set(text, known);
    const row = this.#newRow(origin, text, known);
    row.count = count - 1;
    this.#addTo(row, execution);
  }

  /** Counts one execution of the row that was put in as `index`-th. */
  touch(index: number, execution: Execution): void {
    const row = this.#rows[index];
    if (row !== undefined) this.#addTo(row, execution);
  }

  /** Rows in the table's column order, with times as of now. */
  *rows(): Generator<Row> {
    const seconds = epochSecondsAt(this.#clock);
    for (const row of this.#rows) {
      yield [
        row.hostgroup,
        row.schema,
        row.user,
        row.client,
        row.digest,
        row.text,
        row.count,
        seconds(row.firstUs),
        seconds(row.lastUs),
        row.sumUs,
        row.minUs,
        row.maxUs,
        row.affected,
        row.sent,
      ];
    }
  }

  reset(): number {
    const count = this.#rows.length;
    this.#rows.length = 0;
    this.#texts.clear();
    return count;
  }

  #addTo(row: DigestRow, { timeUs, rowsAffected, rowsSent }: Execution): void {
    // 32 bits, unsigned: the proxy's counter wraps.
    row.count = (row.count + 1) >>> 0;
    row.lastUs = this.#clock.monotonicUs();
    row.sumUs += timeUs;
    // A PREPARE counts with 0 time and leaves the minimum alone.
    if (timeUs > 0 && (row.minUs === 0 || timeUs < row.minUs)) row.minUs = timeUs;
    if (timeUs > row.maxUs) row.maxUs = timeUs;
    row.affected += rowsAffected;
    row.sent += rowsSent;
  }

  #rowFor(origin: DigestOrigin, text: string): DigestRow {
    let known = this.#texts.get(text);
    if (known === undefined) {
      known = { digest: digestOf(text), rows: [] };
      this.#texts.set(text, known);
    }
    // Few origins share a statement, so a walk beats building a key for every execution.
    for (const row of known.rows) {
      if (
        row.hostgroup === origin.hostgroup &&
        row.schema === origin.schema &&
        row.user === origin.user &&
        row.client === origin.client
      ) {
        return row;
      }
    }
    return this.#newRow(origin, text, known);
  }

  #newRow({ hostgroup, schema, user, client }: DigestOrigin, text: string, { digest, rows }: KnownText): DigestRow {
    const nowUs = this.#clock.monotonicUs();
    const row: DigestRow = {
      hostgroup,
      schema,
      user,
      client,
      digest,
      text,
      firstUs: nowUs,
      lastUs: nowUs,
      count: 0,
      sumUs: 0,
      minUs: 0,
      maxUs: 0,
      affected: 0,
      sent: 0,
    };
    rows.push(row);
    this.#rows.push(row);
    return row;
  }
}
