import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { LambdaContext } from './gateway-event.ts';

const LONGEST_MS = 25_000;
/** Of the time that Lambda gives us, for answering. */
const RESERVE_MS = 1_000;

export interface Deadline {
  readonly signal: AbortSignal;
  stop(): void;
}

/** The time of a request. When it is over, the signal aborts with CANCELLED, which becomes 503. */
export function startDeadline(context: LambdaContext, slowest: () => string | undefined): Deadline {
  const controller = new AbortController();
  const limitMs = Math.max(0, Math.min(LONGEST_MS, context.getRemainingTimeInMillis() - RESERVE_MS));
  const timer = setTimeout(() => {
    const service = slowest();
    const options = service === undefined ? {} : { service };
    controller.abort(new ProxywatchError('CANCELLED', `the request took longer than ${limitMs} ms`, options));
  }, limitMs);
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}
