import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import type { OperateRequest, OperationInvoker } from '@proxywatch/core/ports/operation-invoker';

export interface InProcessOptions {
  operate(request: OperateRequest, signal: AbortSignal): Promise<void>;
  readonly log: Log;
  /** @default 40 */
  readonly maxRunning?: number;
  /** Steps that wait for others; more are refused with INVOKE_THROTTLED. @default 1000 */
  readonly maxWaiting?: number;
  /** As long as Lambda gives one. @default 840000 */
  readonly timeLimitMs?: number;
}

export interface InProcessOperations extends OperationInvoker {
  /** Gives up what runs, which the next sweep takes up again, and resolves when nothing does any more. */
  stop(): Promise<void>;
}

/** Runs steps of operations in this process, after the call that asks for them has returned. */
export function createInProcessOperations(options: InProcessOptions): InProcessOperations {
  const { operate, log, maxRunning = 40, maxWaiting = 1_000, timeLimitMs = 840_000 } = options;
  const waiting: OperateRequest[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function run(request: OperateRequest): Promise<void> {
    const limit = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeLimitMs)]);
    try {
      await operate(request, limit);
    } catch (error) {
      const { operationId, groupId } = request;
      log.warn('a step of an operation failed', {
        operation: operationId,
        group: groupId,
        code: errorCodeOf(error) ?? 'INTERNAL',
        problem: messageOf(error),
      });
    }
  }

  function startNext(): void {
    while (running.size < maxRunning && !stopping.signal.aborted) {
      const request = waiting.shift();
      if (request === undefined) return;
      const step = run(request).finally(() => {
        running.delete(step);
        startNext();
      });
      running.add(step);
    }
  }

  return {
    async invoke(request, signal) {
      signal?.throwIfAborted();
      if (stopping.signal.aborted) throw new ProxywatchError('INVOKE_FAILED', 'the process is stopping');
      if (waiting.length >= maxWaiting) {
        throw new ProxywatchError('INVOKE_THROTTLED', `${waiting.length} steps of operations are waiting`);
      }
      waiting.push(request);
      startNext();
    },
    async stop() {
      stopping.abort(new ProxywatchError('CANCELLED', 'the process is stopping'));
      waiting.length = 0;
      await Promise.all(running);
    },
  };
}
