import { headerOf, invalidHeader, type RequestHeaders } from './request-headers.ts';

const MAX_CHARACTERS = 1_000;

/** X-Reason, for the audit; percent-encoded where it is not ASCII, since headers are. Empty when there is none. */
export function readReason(headers: RequestHeaders): string {
  const given = headerOf(headers, 'x-reason') ?? '';
  const reason = decoded(given);
  const isRight = [...reason].length <= MAX_CHARACTERS && reason.isWellFormed() && !/\p{Cc}/u.test(reason);
  if (isRight) return reason;
  throw invalidHeader('x-reason', `expected up to ${MAX_CHARACTERS} characters without control characters`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // "100% sure" was not meant to be an escape.
    return text;
  }
}
