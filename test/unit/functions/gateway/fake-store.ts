import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Records, StoredHistory } from '@proxywatch/core/domain/history/stored-history';
import type { HistoryStore, HistoryWrite, Saved } from '@proxywatch/core/ports/history-store';

type Call = 'claim' | 'load' | 'save';

/** A store of histories in memory, as its port wants it; a test may hold or fail any call, and take away what it holds. */
export class FakeStore implements HistoryStore {
  readonly calls: Call[] = [];
  readonly writes: HistoryWrite[] = [];
  /** Called before each answer; what it throws or rejects with is the answer. */
  before: (call: Call) => unknown = () => undefined;
  readonly #histories = new Map<string, StoredHistory>();
  readonly #tokens = new Map<string, string>();
  #counter = 0;

  /** As a Redis that came back empty. */
  flush(): void {
    this.#histories.clear();
    this.#tokens.clear();
  }

  damage(proxyId: string): void {
    const held = this.#histories.get(proxyId);
    if (held) this.#histories.set(proxyId, { ...held, meta: held.meta.replace('1', '2') });
  }

  async claim(proxyId: string): Promise<string> {
    await this.#answer('claim');
    const token = this.#next();
    this.#tokens.set(proxyId, token);
    return token;
  }

  async load(proxyId: string): Promise<StoredHistory | undefined> {
    await this.#answer('load');
    return this.#histories.get(proxyId);
  }

  async save(proxyId: string, write: HistoryWrite): Promise<Saved> {
    this.writes.push(write);
    await this.#answer('save');
    const { token, revision, readAgeMs, batch } = write;
    const held = this.#histories.get(proxyId);
    const fence = this.#tokens.get(proxyId);
    if (fence === undefined) return { kind: 'lost' };
    if (fence !== token) throw new ProxywatchError('STORE_FENCED', 'another writer');
    if (batch.replaces !== 'everything' && held?.revision !== revision) return { kind: 'lost' };
    const kept = batch.replaces === 'everything' ? undefined : held;
    const rows = new Map(batch.replaces === 'nothing' ? kept?.rows : undefined);
    for (const key of batch.deletedRows) rows.delete(key);
    const history = {
      meta: batch.meta,
      revision: this.#next(),
      ageMs: readAgeMs,
      rows: merged(rows, batch.rows),
      series: merged(kept?.series, batch.series),
      errors: merged(kept?.errors, batch.errors),
    };
    this.#histories.set(proxyId, history);
    return { kind: 'saved', revision: history.revision };
  }

  async #answer(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  #next(): string {
    return String(++this.#counter).padStart(16, '0');
  }
}

function merged(old: Records | undefined, fresh: Records): Records {
  return new Map([...(old ?? []), ...fresh]);
}

export function unavailable(): ProxywatchError {
  return new ProxywatchError('STORE_UNAVAILABLE', 'the store is away');
}
