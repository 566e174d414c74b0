import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';

/** What a store has no room for is a conflict for whoever asked for it. */
export async function asConflict(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw errorCodeOf(error) === 'FLEET_TOO_LARGE' ? new ProxywatchError('CONFLICT', messageOf(error)) : error;
  }
}
