import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import { type CloudFormationRequest, parseCloudFormationRequest } from './cloudformation-request.ts';
import { type Outcome, type RespondOptions, respond } from './cloudformation-response.ts';

export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  readonly logStreamName?: string;
}

export interface AnswerDeps {
  /** The work; rejects with what is wrong, in words for people. */
  work(signal: AbortSignal): Promise<void>;
  readonly log: Log;
  readonly respond?: RespondOptions;
}

/** Of the time that Lambda gives us: for answering, however often that must be tried. */
const RESERVE_MS = 45_000;
/** For what comes after the answer. */
const GOODBYE_MS = 1_000;

/**
 * Does the work for a request of CloudFormation and answers it, whatever happens; deleting is no work, for stores go or stay
 * as their own stack says. Rejects only when nobody can be answered: Lambda then tries again.
 */
export async function answerRequest(deps: AnswerDeps, event: unknown, context: LambdaContext): Promise<void> {
  const request = parseCloudFormationRequest(event);
  const outcome = await outcomeOf(deps, request, context);
  await respond(request, outcome, timeLeft(context, GOODBYE_MS), deps.respond);
}

async function outcomeOf(
  { work, log }: AnswerDeps,
  { RequestType, StackId }: CloudFormationRequest,
  context: LambdaContext,
): Promise<Outcome> {
  if (RequestType === 'Delete') return { status: 'SUCCESS' };
  const signal = timeLeft(context, RESERVE_MS);
  try {
    await work(signal);
    return { status: 'SUCCESS' };
  } catch (error) {
    const message = signal.aborted
      ? 'the time of the function is over; what is done stays, and another deployment goes on from there'
      : messageOf(error);
    log.error('the deployment fails', { stack: StackId, request: RequestType, code: errorCodeOf(error), message });
    const more = context.logStreamName === undefined ? '' : ` (log stream ${context.logStreamName})`;
    return { status: 'FAILED', reason: `${message}${more}` };
  }
}

function timeLeft(context: LambdaContext, reserveMs: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserveMs));
}
