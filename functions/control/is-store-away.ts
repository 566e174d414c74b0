import { errorCodeOf, isProxywatchError } from '@proxywatch/core/domain/errors';

/**
 * Whether what an operation is kept in cannot be had: the DCDB, or the key that pre-images are sealed with. That says nothing
 * about proxies, and there is no way back without it either: whoever comes next goes on, so often as a step may be tried.
 */
export function isStoreAway(error: unknown): boolean {
  if (errorCodeOf(error) === 'STORE_UNAVAILABLE') return true;
  return isProxywatchError(error) && error.code === 'SERVICE_UNREACHABLE' && error.service === 'kms';
}
