import { type ErrorCode, isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';

/**
 * The answer, or when the signal aborts first: its reason if that is an error of ours, else one with `code`. For parts
 * that take a signal but need not obey it: a collection that never ended could never be followed by another.
 */
export async function bounded<T>(
  answer: Promise<T>,
  signal: AbortSignal,
  { code, what }: { readonly code: ErrorCode; readonly what: string },
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => {
    const { reason } = signal;
    aborted.reject(
      isProxywatchError(reason)
        ? reason
        : new ProxywatchError(code, `${what} took longer than its caller waits`, { cause: reason }),
    );
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, aborted.promise]);
  } catch (error) {
    // Parts that do obey reject with the bare reason.
    if (error === signal.reason && signal.aborted) return await aborted.promise;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
