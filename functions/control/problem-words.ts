import { isProxywatchError } from '@proxywatch/core/domain/errors';

/**
 * What went wrong, for events and problems that people read. What a proxy says about a statement may quote the statement,
 * and with it a password; errors that are not ours may say anything.
 */
export function problemWords(error: unknown): string {
  if (!isProxywatchError(error)) return 'an unexpected error, see the log';
  return error.code === 'PROXY_STATEMENT' ? 'the proxy refused a statement' : error.message;
}
