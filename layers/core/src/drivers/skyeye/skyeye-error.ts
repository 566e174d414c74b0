import { ProxywatchError } from '../../domain/errors.ts';

const MAX_MESSAGE = 500;

/** It does not answer, or says that it cannot now. `reason` names no host. */
export function unreachable(reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `skyeye is unavailable: ${reason}`, { service: 'skyeye' });
}

/** It answers what it must not. */
export function refused(reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_REFUSED', `skyeye gave no usable answer: ${reason}`, { service: 'skyeye' });
}

/** It does not take the query, or the query asks for too much. */
export function unprocessable(reason: string): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', `skyeye does not take the query: ${tellable(reason)}`);
}

/** What another program said, as it may be told to anybody: no addresses, and not more than a screen. */
export function tellable(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, '<address>')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '<address>')
    .replace(/\b[\w-]+(?:\.[\w-]+)+:\d{2,5}\b/g, '<address>')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, MAX_MESSAGE);
}

/** Why a request failed below HTTP, in a word such as ECONNREFUSED. */
export function networkReason(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'the connection failed';
}
