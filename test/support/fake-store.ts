import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { StoredHistory } from '@proxywatch/core/domain/history/stored-history';
import type { FetchedRows, HistoryWrite, Saved, StoreState } from '@proxywatch/core/ports/history-store';
import { MemoryHistoryStore } from './memory-history-store.ts';

type Call = 'claim' | 'load' | 'save' | 'fetchRows';

/** A store of histories of which a test may hold or fail any call, and take away or damage what it holds. */
export class FakeStore extends MemoryHistoryStore {
  readonly calls: Call[] = [];
  readonly writes: HistoryWrite[] = [];
  /** Called before each answer; what it throws or rejects with is the answer. */
  before: (call: Call) => unknown = () => undefined;

  damage(proxyId: string): void {
    const held = this.histories.get(proxyId);
    if (held) held.meta = held.metaCopy = held.meta.replace('2', '1');
  }

  override async claim(proxyId: string): Promise<string> {
    await this.#answer('claim');
    return super.claim(proxyId);
  }

  override async load(proxyId: string): Promise<StoredHistory | undefined> {
    await this.#answer('load');
    return super.load(proxyId);
  }

  override async fetchRows(proxyId: string, state: StoreState, keys: readonly string[]): Promise<FetchedRows> {
    await this.#answer('fetchRows');
    return super.fetchRows(proxyId, state, keys);
  }

  override async save(proxyId: string, write: HistoryWrite): Promise<Saved> {
    this.writes.push(write);
    await this.#answer('save');
    return super.save(proxyId, write);
  }

  async #answer(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

export function unavailable(): ProxywatchError {
  return new ProxywatchError('STORE_UNAVAILABLE', 'the store is away');
}
