import { messageOf, ProxywatchError } from '../../domain/errors.ts';

/** Answers of a broker after which the same request never gets through. */
const REFUSALS = ['INVALID_RECORD', 'INVALID_TOPIC_EXCEPTION', 'UNSUPPORTED_FOR_MESSAGE_FORMAT'];
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];
const MAX_CAUSES = 8;

/**
 * What a failed write throws: SINK_REFUSED when the broker will never take it, SINK_UNAVAILABLE for everything else, since
 * a topic, a right or a broker that is missing may come.
 */
export function kafkaError(error: unknown): ProxywatchError {
  const type = answerOf(error);
  const isRefused = type !== undefined && (REFUSALS.includes(type) || TOO_LARGE.includes(type));
  const message = `kafka: ${type === undefined ? '' : `${type}: `}${messageOf(error)}`;
  return new ProxywatchError(isRefused ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE', message);
}

/** Whether a request of fewer records might get through. */
export function isTooLarge(error: unknown): boolean {
  const type = answerOf(error);
  return type !== undefined && TOO_LARGE.includes(type);
}

/** The broker's answer, as Kafka names it, within the errors that the client wraps around it. */
function answerOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let i = 0; i < MAX_CAUSES && typeof at === 'object' && at !== null; i++) {
    if ('type' in at && typeof at.type === 'string') return at.type;
    at = 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}
