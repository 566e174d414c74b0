import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { CollectContext } from '../collect-context.ts';

/**
 * What a collector found from several sources that share one memory: what changes the memory and what is told of it are
 * taken together, and committed together, one commit after another. After one that failed there are no more: the next run
 * goes on from what is stored, and finds the rest again.
 */
export class Findings<Memory> {
  readonly #context: Pick<CollectContext, 'commit' | 'settings'>;
  readonly #encode: (memory: Memory) => string;
  #memory: Memory;
  #records: readonly ScanRecord[] = [];
  #found = 0;
  #isChanged = false;
  #last: Promise<void> = Promise.resolve();

  constructor(
    context: Pick<CollectContext, 'commit' | 'settings'>,
    memory: Memory,
    encode: (memory: Memory) => string,
  ) {
    this.#context = context;
    this.#memory = memory;
    this.#encode = encode;
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Records that may still be found in this run. */
  get room(): number {
    return Math.max(0, this.#context.settings.maxRecords - this.#found);
  }

  take(changed: Partial<Memory>, records: readonly ScanRecord[] = []): void {
    this.#memory = { ...this.#memory, ...changed };
    this.#records = this.#records.concat(records);
    this.#found += records.length;
    this.#isChanged = true;
  }

  /** Resolves when all that was taken so far is committed. Rejects as the commit does, and from then on. */
  commit(): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (!this.#isChanged) return;
      const records = this.#records;
      this.#records = [];
      this.#isChanged = false;
      await this.#context.commit({ state: this.#encode(this.#memory), records });
    });
    return this.#last;
  }
}
