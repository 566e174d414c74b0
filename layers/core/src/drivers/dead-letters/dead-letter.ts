import type { CollectRequest } from '../../ports/collect-invoker.ts';

const MAX_REASON = 500;

/** A dead letter as JSON in one line: the message of a queue, or a line of a file. */
export function deadLetterText(request: CollectRequest, reason: string): string {
  const cut = reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}…` : reason;
  return JSON.stringify({ failedAt: new Date().toISOString(), reason: cut, request });
}
