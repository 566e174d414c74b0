import { isProxywatchError, ProxywatchError } from '../../domain/errors.ts';

/** A signal that aborts at a time limit or with the caller's own signal; its reason is the ProxywatchError to reject with. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the timer and lets go of the caller's signal; to be called when the work is done. */
  clear(): void;
}

export function startDeadline(what: string, timeoutMs: number, callerSignal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const onTimeout = () =>
    controller.abort(new ProxywatchError('PROXY_TIMEOUT', `${what} took longer than ${timeoutMs} ms`));
  const onCancel = () => controller.abort(callerSignal && cancellationOf(callerSignal, what));
  const timer = setTimeout(onTimeout, timeoutMs);
  if (callerSignal?.aborted) onCancel();
  callerSignal?.addEventListener('abort', onCancel, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      callerSignal?.removeEventListener('abort', onCancel);
    },
  };
}

/**
 * What a caller gets that gave up: the reason it gave when that is an error of ours; PROXY_TIMEOUT for a time-out as of
 * AbortSignal.timeout(), CANCELLED for everything else.
 */
export function cancellationOf({ reason }: AbortSignal, what: string): ProxywatchError {
  if (isProxywatchError(reason)) return reason;
  return isTimeout(reason)
    ? new ProxywatchError('PROXY_TIMEOUT', `${what} took longer than its caller waits`, { cause: reason })
    : new ProxywatchError('CANCELLED', `${what} was cancelled`, { cause: reason });
}

// By name: a DOMException is not an instance of every realm's Error.
function isTimeout(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError';
}
