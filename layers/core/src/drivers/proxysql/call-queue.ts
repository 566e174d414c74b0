import { ProxywatchError } from '../../domain/errors.ts';
import { cancellationOf } from './deadline.ts';

/** Runs calls one after another in the order of arrival; at most `maxWaiting` wait. */
export interface CallQueue {
  readonly busy: boolean;
  /** Rejects with PROXY_BUSY when too many wait, with CANCELLED or PROXY_TIMEOUT when the signal aborts while waiting. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function createCallQueue(maxWaiting: number): CallQueue {
  const waiting = new Set<() => void>();
  let busy = false;

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        waiting.delete(start);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(start);
        if (signal !== undefined) reject(cancellationOf(signal, 'a call that was waiting for its turn'));
      };
      waiting.add(start);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    get busy() {
      return busy;
    },
    async run(work, signal) {
      if (signal?.aborted) throw cancellationOf(signal, 'the call');
      if (busy && waiting.size >= maxWaiting) {
        throw new ProxywatchError('PROXY_BUSY', `${waiting.size} calls are waiting already`);
      }
      if (busy) await turn(signal);
      busy = true;
      try {
        return await work();
      } finally {
        // The turn is handed over before anybody else can take it: `busy` stays true in between.
        const [next] = waiting;
        if (next === undefined) busy = false;
        else next();
      }
    },
  };
}
