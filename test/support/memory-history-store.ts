import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Records, StoredHistory } from '@proxywatch/core/domain/history/stored-history';
import type {
  FetchedRows,
  HistoryStore,
  HistoryWrite,
  Saved,
  StoreState,
  Sweep,
  Swept,
} from '@proxywatch/core/ports/history-store';

type Counts = StoredHistory['missing'];

/** What is stored of one proxy; a test may damage it. */
export interface HeldHistory {
  meta: string;
  metaCopy: string;
  revision: string;
  previous: string | undefined;
  ageMs: number;
  written: Counts;
  rows: Map<string, string>;
  series: Map<string, string>;
  errors: Map<string, string>;
}

/** A store of histories in memory that does what the one in Redis does; the contract suite runs over both. */
export class MemoryHistoryStore implements HistoryStore {
  readonly histories = new Map<string, HeldHistory>();
  readonly aside = new Map<string, Map<string, string>>();
  readonly traffic = new Map();
  readonly #fences = new Map<string, string>();
  #counter = 0;

  /** As a Redis that came back empty. */
  flush(): void {
    this.histories.clear();
    this.#fences.clear();
  }

  async claim(proxyId: string): Promise<string> {
    const token = this.#next();
    this.#fences.set(proxyId, token);
    return token;
  }

  async load(proxyId: string): Promise<StoredHistory | undefined> {
    const held = this.histories.get(proxyId);
    if (!held) return undefined;
    const { meta, metaCopy, revision, ageMs, rows, series, errors, written } = held;
    const missingOf = (kind: keyof Counts) => Math.max(0, written[kind] - held[kind].size);
    return {
      meta,
      metaCopy,
      revision,
      ageMs,
      storedRows: rows.size,
      series: new Map(series),
      errors: new Map(errors),
      missing: { rows: missingOf('rows'), series: missingOf('series'), errors: missingOf('errors') },
    };
  }

  async fetchRows(proxyId: string, state: StoreState, keys: readonly string[]): Promise<FetchedRows> {
    const held = this.#based(proxyId, state);
    return held ? { kind: 'fetched', records: keys.map((key) => held.rows.get(key)) } : { kind: 'lost' };
  }

  async save(proxyId: string, { token, revision, readAgeMs, batch }: HistoryWrite): Promise<Saved> {
    const isAll = batch.replaces === 'everything';
    const held = isAll ? undefined : this.#based(proxyId, { token, revision: revision ?? '' });
    if (isAll && !this.#stands(proxyId, token)) return { kind: 'lost' };
    if (!isAll && (!held || countsDiffer(held))) return { kind: 'lost' };
    const rows = new Map(batch.replaces === 'nothing' ? held?.rows : undefined);
    for (const key of batch.deletedRows) rows.delete(key);
    const series = new Map(held?.series);
    for (const key of batch.deletedSeries) series.delete(key);
    const history: HeldHistory = {
      meta: batch.meta,
      metaCopy: batch.meta,
      revision: this.#next(),
      previous: revision,
      ageMs: readAgeMs,
      rows: merged(rows, batch.rows),
      series: merged(series, batch.series),
      errors: merged(held?.errors, batch.errors),
      written: { rows: 0, series: 0, errors: 0 },
    };
    history.written = countsOf(history);
    this.histories.set(proxyId, history);
    return { kind: 'saved', revision: history.revision, storedRows: history.rows.size };
  }

  async sweepRows(proxyId: string, token: string, { touchedBeforeS }: Sweep): Promise<Swept> {
    const held = this.#stands(proxyId, token) ? this.histories.get(proxyId) : undefined;
    const [dropped, damaged]: [string[], string[]] = [[], []];
    const isWhole = held && !countsDiffer(held);
    for (const [key, record] of held?.rows ?? []) {
      const touched = /^2;[^;]*,([0-9a-z]+);[0-9a-z]+$/.exec(record)?.[1];
      if (touched !== undefined && Number.parseInt(touched, 36) >= touchedBeforeS) continue;
      if (touched === undefined) this.#keepAside(proxyId, `row:${key}`, record);
      held?.rows.delete(key);
      (touched === undefined ? damaged : dropped).push(key);
    }
    if (held && isWhole) held.written = countsOf(held);
    return { cursor: '0', dropped, damaged };
  }

  async setAside(proxyId: string, token: string, records: ReadonlyMap<string, string>): Promise<void> {
    if (this.#stands(proxyId, token)) for (const [key, record] of records) this.#keepAside(proxyId, key, record);
  }

  async forget(proxyId: string, token: string): Promise<void> {
    this.#stands(proxyId, token);
    this.histories.delete(proxyId);
    this.aside.delete(proxyId);
  }

  /** Whether the token is the latest; false when the store came back empty. */
  #stands(proxyId: string, token: string): boolean {
    const fence = this.#fences.get(proxyId);
    if (fence !== undefined && fence > token) {
      throw new ProxywatchError('STORE_FENCED', `the history of ${proxyId} has another writer`);
    }
    return fence === token;
  }

  #based(proxyId: string, { token, revision }: StoreState): HeldHistory | undefined {
    const held = this.#stands(proxyId, token) ? this.histories.get(proxyId) : undefined;
    return held && (held.revision === revision || held.previous === revision) ? held : undefined;
  }

  #keepAside(proxyId: string, field: string, record: string): void {
    const kept = this.aside.get(proxyId) ?? new Map();
    this.aside.set(proxyId, kept.set(field, record));
  }

  #next(): string {
    return String(++this.#counter).padStart(16, '0');
  }
}

function countsOf({ rows, series, errors }: HeldHistory): Counts {
  return { rows: rows.size, series: series.size, errors: errors.size };
}

function countsDiffer(held: HeldHistory): boolean {
  return JSON.stringify(countsOf(held)) !== JSON.stringify(held.written);
}

function merged(old: Records | undefined, fresh: Records): Map<string, string> {
  return new Map([...(old ?? []), ...fresh]);
}
