import { messageOf, ProxywatchError } from '../../domain/errors.ts';

// Replies that say "not now" or "not here" rather than "you are wrong".
const UNAVAILABLE_REPLIES = [
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
  'WRONGPASS',
];

/**
 * What a failed call throws. The client's own error is not kept as a cause: it carries the command with all arguments,
 * passwords included. `connectionError` is the last failure of the connection, if there was one.
 */
export function redisError(error: unknown, address: string, connectionError: unknown): unknown {
  const message = messageOf(error);
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  // Says only that there is no connection; why there is none was told to the connection.
  const isVague = name === 'MaxRetriesPerRequestError' && connectionError !== undefined;
  if (name !== 'ReplyError') return unavailable(address, isVague ? messageOf(connectionError) : message);
  const word = message.split(' ', 1)[0] ?? '';
  return UNAVAILABLE_REPLIES.includes(word) ? unavailable(address, word) : new Error(`redis ${address}: ${message}`);
}

export function unavailable(address: string, reason: string): ProxywatchError {
  return new ProxywatchError('STORE_UNAVAILABLE', `redis ${address} is unavailable: ${reason}`, { service: 'redis' });
}
