import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectInvoker, CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import type { Log } from '@proxywatch/core/ports/log';
import type { Collect } from '../../../functions/scanner/collect/collect.ts';

export interface LocalInvokerOptions {
  readonly collect: Pick<Collect, 'collect'>;
  readonly log: Log;
  /** Requests under way at once; more are throttled, as Lambda does it. @default 256 */
  readonly maxRunning?: number;
}

export interface LocalInvoker extends CollectInvoker {
  /** Cuts short what is under way, and resolves when it has ended. */
  stop(): Promise<void>;
}

const MAX_RUNNING = 256;
/** After the window of a request, for bringing what was found to its sinks. */
const DELIVERY_MS = 5_000;
/** What a request that comes late is given all the same. */
const MIN_TIME_MS = 10_000;

/** Collects in this very process: a request is accepted when it begins. */
export function createLocalInvoker({ collect, log, maxRunning = MAX_RUNNING }: LocalInvokerOptions): LocalInvoker {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  async function run(request: CollectRequest): Promise<void> {
    try {
      await collect.collect(request, stopping.signal, deadlineOf(request, Date.now()));
    } catch (error) {
      const { proxies } = request;
      log.error('a request failed', {
        proxies: proxies.length,
        first: proxies[0]?.proxy.id,
        message: messageOf(error),
      });
    }
  }

  return {
    async invoke(request) {
      if (stopping.signal.aborted) throw new ProxywatchError('INVOKE_FAILED', 'this process is stopping');
      if (running.size >= maxRunning)
        throw new ProxywatchError('INVOKE_THROTTLED', `${running.size} requests are under way in this process`);
      const ended: Promise<void> = run(request).finally(() => running.delete(ended));
      running.add(ended);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** Epoch milliseconds. */
function deadlineOf({ tickMs, windowMs }: CollectRequest, nowMs: number): number {
  return Math.max(tickMs + windowMs + DELIVERY_MS, nowMs + MIN_TIME_MS);
}
