/** Something to be written together with others that wait at the same time. */
interface Waiting<T> {
  readonly item: T;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<void>;
}

export interface GroupCommitOptions<T> {
  /** Writes all of them or none. The signal is that of an item that is alone. */
  readonly write: (items: readonly T[], signal: AbortSignal | undefined) => Promise<void>;
  readonly weightOf: (item: T) => number;
  /** A group weighs no more; an item that does is alone. */
  readonly maxWeight: number;
  /** Groups that are written at once, so that a heavy item does not hold up all others. */
  readonly lanes: number;
  /** Whether a failure is no item's fault, so that each by itself would fail as well. */
  readonly concernsAll: (error: unknown) => boolean;
}

/**
 * Lets those who come while a transaction runs share the next one: under load, the cost of a transaction is paid once for
 * many. Nobody waits for others to come. What fails in a group is tried once more by itself.
 */
export class GroupCommit<T> {
  readonly #options: GroupCommitOptions<T>;
  #waiting: Waiting<T>[] = [];
  #running = 0;

  constructor(options: GroupCommitOptions<T>) {
    this.#options = options;
  }

  /** Resolves when the item is written. */
  add(item: T, signal?: AbortSignal): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ item, signal, done });
    // Who calls in the same turn goes into the same group.
    queueMicrotask(() => this.#start());
    return done.promise;
  }

  #start(): void {
    while (this.#running < this.#options.lanes && this.#waiting.length > 0) {
      this.#running++;
      void this.#writeGroup(this.#nextGroup()).finally(() => {
        this.#running--;
        this.#start();
      });
    }
  }

  #nextGroup(): readonly Waiting<T>[] {
    const { weightOf, maxWeight } = this.#options;
    let count = 0;
    for (let weight = 0; count < this.#waiting.length; count++) {
      const next = this.#waiting[count];
      if (next === undefined) break;
      weight += weightOf(next.item);
      if (count > 0 && weight > maxWeight) break;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeGroup(group: readonly Waiting<T>[]): Promise<void> {
    const live = group.filter(({ signal, done }) => {
      if (signal?.aborted) done.reject(signal.reason);
      return signal?.aborted !== true;
    });
    const [first] = live;
    if (first === undefined) return;
    try {
      await this.#options.write(
        live.map(({ item }) => item),
        live.length === 1 ? first.signal : undefined,
      );
      for (const { done } of live) done.resolve();
    } catch (error) {
      if (live.length > 1 && !this.#options.concernsAll(error)) for (const one of live) await this.#writeGroup([one]);
      else for (const { done } of live) done.reject(error);
    }
  }
}
