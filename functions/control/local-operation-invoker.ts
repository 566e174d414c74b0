import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import type { OperateRequest, OperationInvoker } from '@proxywatch/core/ports/operation-invoker';

export interface LocalOperationInvokerOptions {
  /** Does what was asked for; its failure is logged. */
  readonly operate: (request: OperateRequest, signal: AbortSignal) => Promise<void>;
  /** Looks for what nobody works on. @default - nobody does */
  readonly sweep?: (signal: AbortSignal) => Promise<unknown>;
  readonly log: Log;
  /** Requests under way at once; the others wait. @default 32 */
  readonly maxRunning?: number;
  /** More are refused; the sweep finds what they were about. @default 1000 */
  readonly maxWaiting?: number;
  /** @default 30000 */
  readonly sweepMs?: number;
}

export interface LocalOperationInvoker extends OperationInvoker {
  /** Cuts short what is under way, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Operations go on in this very process. */
export function createLocalOperationInvoker(options: LocalOperationInvokerOptions): LocalOperationInvoker {
  const { operate, sweep, log, maxRunning = 32, maxWaiting = 1_000, sweepMs = 30_000 } = options;
  const stopping = new AbortController();
  const waiting: OperateRequest[] = [];
  const running = new Set<Promise<void>>();

  function start(): void {
    while (running.size < maxRunning && !stopping.signal.aborted) {
      const request = waiting.shift();
      if (request === undefined) return;
      track(run(request));
    }
  }

  async function run(request: OperateRequest): Promise<void> {
    try {
      await operate(request, stopping.signal);
    } catch (error) {
      const { operationId, groupId } = request;
      log.error('an operation failed', { operation: operationId, group: groupId, message: messageOf(error) });
    }
  }

  async function look(): Promise<void> {
    try {
      await sweep?.(AbortSignal.any([stopping.signal, AbortSignal.timeout(sweepMs)]));
    } catch (error) {
      if (!stopping.signal.aborted) log.warn('operations were not swept', { message: messageOf(error) });
    }
  }

  function track(work: Promise<void>): void {
    const ended: Promise<void> = work.finally(() => {
      running.delete(ended);
      start();
    });
    running.add(ended);
  }

  const timer = sweep && setInterval(() => track(look()), sweepMs);
  // A process that has nothing else to do may end.
  timer?.unref();
  return {
    async invoke(request) {
      if (stopping.signal.aborted) throw new ProxywatchError('INVOKE_FAILED', 'this process is stopping');
      if (waiting.length >= maxWaiting)
        throw new ProxywatchError('INVOKE_THROTTLED', `${waiting.length} requests wait`);
      waiting.push(request);
      start();
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      waiting.length = 0;
      await Promise.all(running);
    },
  };
}
