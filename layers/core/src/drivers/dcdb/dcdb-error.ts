import { type ErrorCode, isProxywatchError, messageOf, ProxywatchError } from '../../domain/errors.ts';

/** Failures that say something about the database's presence, not about our statement. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'HANDSHAKE_SSL_ERROR',
  'HANDSHAKE_NO_SSL_SUPPORT',
  'ER_ACCESS_DENIED_ERROR',
  'ER_BAD_DB_ERROR',
  'ER_CON_COUNT_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_STATEMENT_TIMEOUT',
  'ER_USER_LIMIT_REACHED',
]);
const NOT_ASCII = 'it asks for characters that are not kept there: ids and such words are ASCII';
/** What callers bring about: two changes that met, each checked before the other was made, and texts that no row can hold. */
const REFUSALS: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['ER_NO_REFERENCED_ROW_2', ['CONFLICT', 'what it belongs to was deleted meanwhile']],
  ['ER_ROW_IS_REFERENCED_2', ['CONFLICT', 'something belongs to it']],
  ['ER_CANT_AGGREGATE_2COLLATIONS', ['REQUEST_INVALID', NOT_ASCII]],
  ['ER_CANT_AGGREGATE_3COLLATIONS', ['REQUEST_INVALID', NOT_ASCII]],
  ['ER_CANT_AGGREGATE_NCOLLATIONS', ['REQUEST_INVALID', NOT_ASCII]],
]);
const UNAVAILABLE_MESSAGES =
  /queue limit reached|pool is closed|closed state|connection is closed|server closed the connection/i;

/**
 * What a failed access to the DCDB throws: STORE_UNAVAILABLE, or the error as it is when the statement was wrong. mysql2's
 * error is no cause: it carries the statement with its values.
 */
export function dcdbError(error: unknown): unknown {
  if (isProxywatchError(error)) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const refusal = REFUSALS.get(code);
  if (refusal !== undefined) return new ProxywatchError(...refusal);
  const message = messageOf(error);
  if (!UNAVAILABLE.has(code) && !UNAVAILABLE_MESSAGES.test(message)) return error;
  const reason = message === '' ? code : message;
  return new ProxywatchError('STORE_UNAVAILABLE', `dcdb is unavailable: ${reason}`, { service: 'dcdb' });
}

/** Runs an access to the DCDB with its failures told as dcdbError does. */
export async function accessDcdb<T>(access: () => Promise<T>): Promise<T> {
  try {
    return await access();
  } catch (error) {
    throw dcdbError(error);
  }
}

/** A unique key has such a row already. */
export function isDuplicateEntry(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ER_DUP_ENTRY';
}
