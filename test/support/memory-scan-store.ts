import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectorName, SinkName } from '@proxywatch/core/domain/scan/collectors';
import type { ScanBatch } from '@proxywatch/core/domain/scan/scan-record';
import type { Acquired, LeaseOwner } from '@proxywatch/core/ports/lease-store';
import type { PendingBatch, ScanCommit, ScanStore, StoredScan } from '@proxywatch/core/ports/scan-store';

interface HeldProxy {
  token: string;
  owner: LeaseOwner | undefined;
  readonly states: Map<CollectorName, string>;
  readonly outbox: Map<string, { readonly batch: ScanBatch; readonly pending: Set<SinkName> }>;
}

type Call = 'acquire' | 'release' | 'load' | 'commit' | 'settle';

/** Scan leases, states and batches in memory, fenced as Redis fences them; a test may hold or fail any call. */
export class MemoryScanStore implements ScanStore {
  readonly calls: Call[] = [];
  /** Called before each answer; what it throws or rejects with is the answer. */
  before: (call: Call, proxyId: string) => unknown = () => undefined;
  /** Called when a call has done its work; what it throws is the answer nevertheless. */
  after: (call: Call, proxyId: string) => unknown = () => undefined;
  maxPendingBytes = Number.POSITIVE_INFINITY;
  readonly #proxies = new Map<string, HeldProxy>();
  #tokens = 0;

  readonly leases = {
    acquire: (id: string, owner: LeaseOwner): Promise<Acquired> =>
      this.#answer('acquire', id, () => {
        const held = this.held(id);
        if (held.owner && held.owner.memberId !== owner.memberId) {
          return { kind: 'held', by: held.owner, remainingMs: 1_000 };
        }
        held.owner = owner;
        return { kind: 'acquired', token: this.takeOver(id) };
      }),
    renew: async () => true,
    renewAll: async () => new Map(),
    release: (id: string, token: string): Promise<boolean> =>
      this.#answer('release', id, () => {
        const held = this.held(id);
        if (held.token !== token) return false;
        held.owner = undefined;
        return true;
      }),
  };

  /** As another run that takes the lease: older tokens are refused from now on. */
  takeOver(id: string): string {
    const token = String(++this.#tokens);
    this.held(id).token = token;
    return token;
  }

  held(id: string): HeldProxy {
    const held = this.#proxies.get(id) ?? { token: '', owner: undefined, states: new Map(), outbox: new Map() };
    this.#proxies.set(id, held);
    return held;
  }

  load(id: string, token: string): Promise<StoredScan> {
    return this.#answer('load', id, () => {
      const { states, outbox } = this.#standing(id, token);
      const batches = [...outbox.values()].map(({ batch, pending }) => ({ batch, pending: [...pending] }));
      return { states: new Map(states), batches, pendingBytes: bytesOf(batches), damaged: 0 };
    });
  }

  commit(id: string, token: string, { collector, state, batches }: ScanCommit): Promise<void> {
    return this.#answer('commit', id, () => {
      const { states, outbox } = this.#standing(id, token);
      if (batches.length > 0 && bytesOf([...outbox.values()]) + bytesOf(batches) > this.maxPendingBytes) {
        throw new ProxywatchError('SINK_FULL', `too much of ${id} is pending`);
      }
      if (state !== undefined) states.set(collector, state);
      for (const { batch, pending } of batches) outbox.set(batch.id, { batch, pending: new Set(pending) });
    });
  }

  settle(id: string, token: string, batchId: string, sinks: readonly SinkName[]): Promise<void> {
    return this.#answer('settle', id, () => {
      const { outbox } = this.#standing(id, token);
      const pending = outbox.get(batchId)?.pending;
      for (const sink of sinks) pending?.delete(sink);
      if (pending?.size === 0) outbox.delete(batchId);
    });
  }

  async forget(id: string): Promise<void> {
    this.#proxies.delete(id);
  }

  /** Whether the token is the latest. */
  #standing(id: string, token: string): HeldProxy {
    const held = this.held(id);
    if (held.token === token) return held;
    throw new ProxywatchError('STORE_FENCED', `another run has ${id}`);
  }

  async #answer<T>(call: Call, id: string, answer: () => T): Promise<T> {
    this.calls.push(call);
    await this.before(call, id);
    const result = answer();
    await this.after(call, id);
    return result;
  }
}

function bytesOf(batches: readonly Pick<PendingBatch, 'batch'>[]): number {
  return batches.reduce((sum, { batch }) => sum + JSON.stringify(batch).length, 0);
}
