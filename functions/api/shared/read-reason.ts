import { headerOf, invalidHeader, type RequestHeaders } from './request-headers.ts';

const MAX_CHARACTERS = 1_000;

/** X-Reason, for the audit; percent-encoded where it is not ASCII, since headers are. Empty when there is none. */
export function readReason(headers: RequestHeaders): string {
  const given = headerOf(headers, 'x-reason') ?? '';
  const reason = decoded(given);
  if ([...reason].length <= MAX_CHARACTERS && isPlain(reason)) return reason;
  throw invalidHeader('x-reason', `expected up to ${MAX_CHARACTERS} characters without control characters`);
}

/** What "100% sure" or "%00" stands for is itself. */
function decoded(text: string): string {
  try {
    const meant = decodeURIComponent(text);
    return isPlain(meant) ? meant : text;
  } catch {
    return text;
  }
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
