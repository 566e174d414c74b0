import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { pause } from '../collection/pause.ts';
import { type CloudFormationRequest, physicalIdOf } from './cloudformation-request.ts';

/** How it went; CloudFormation shows the reason of a failure to people, on one line. */
export type Outcome = { readonly status: 'SUCCESS' } | { readonly status: 'FAILED'; readonly reason: string };

export interface RespondOptions {
  /** One attempt. @default 8000 */
  readonly attemptTimeoutMs?: number;
  /** @default 5 */
  readonly attempts?: number;
  /** Before the second attempt; each further one waits twice as long. @default 250 */
  readonly firstPauseMs?: number;
}

/** CloudFormation takes no larger answer. */
const MAX_BYTES = 4_096;
const CUT = '…';

/**
 * Puts the answer where CloudFormation waits for it. Without one it would wait for an hour: whatever may pass is tried again.
 * Rejects with SERVICE_UNREACHABLE, or with SERVICE_REFUSED when the address is not taken any more.
 */
export async function respond(
  request: CloudFormationRequest,
  outcome: Outcome,
  signal: AbortSignal,
  { attemptTimeoutMs = 8_000, attempts = 5, firstPauseMs = 250 }: RespondOptions = {},
): Promise<void> {
  const body = responseBody(request, outcome);
  let problem = '';
  for (let attempt = 0; attempt < attempts && !signal.aborted; attempt++) {
    if (attempt > 0) await pause(firstPauseMs * 2 ** (attempt - 1), signal);
    const answered = await put(
      request.ResponseURL,
      body,
      AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]),
    );
    if ('status' in answered) {
      if (answered.status < 300) return;
      problem = `HTTP ${answered.status}`;
      const mayPass = answered.status >= 500 || answered.status === 429 || answered.status === 408;
      if (!mayPass) throw new ProxywatchError('SERVICE_REFUSED', `cloudformation refused the answer: ${problem}`);
    } else problem = answered.problem;
  }
  throw new ProxywatchError(
    'SERVICE_UNREACHABLE',
    `cloudformation could not be answered: ${problem || 'no time left'}`,
  );
}

/** JSON of 4,096 bytes at most; of a longer reason the beginning stays. */
export function responseBody(request: CloudFormationRequest, outcome: Outcome): Uint8Array {
  const { StackId, RequestId, LogicalResourceId } = request;
  const bytesOf = (Reason: string | undefined) =>
    new TextEncoder().encode(
      JSON.stringify({
        Status: outcome.status,
        ...(Reason !== undefined && { Reason }),
        PhysicalResourceId: physicalIdOf(request),
        StackId,
        RequestId,
        LogicalResourceId,
      }),
    );
  if (outcome.status === 'SUCCESS') return bytesOf(undefined);
  const characters = [...(outcome.reason.replace(/\s+/g, ' ').trim() || 'unknown')];
  const whole = bytesOf(characters.join(''));
  if (whole.length <= MAX_BYTES) return whole;
  let [fits, tooLong] = [0, characters.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (bytesOf(characters.slice(0, middle).join('') + CUT).length <= MAX_BYTES) fits = middle;
    else tooLong = middle;
  }
  return bytesOf(characters.slice(0, fits).join('') + CUT);
}

async function put(
  url: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<{ readonly status: number } | { readonly problem: string }> {
  try {
    // Signed for an answer without a content type, which bytes have none of.
    const response = await fetch(url, { method: 'PUT', body: Buffer.from(body), signal });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    // Its cause says why. Who has the address may answer: it must not get into a log.
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    return { problem: `${messageOf(error)}${cause}`.replaceAll(url, '<address>') };
  }
}
