import { ProxywatchError } from '../../domain/errors.ts';

/** Signing is local, but the credentials for it may come from afar. */
const TIME_LIMIT_MS = 5_000;

/**
 * Tokens for the SASL mechanism OAUTHBEARER of MSK: a signed URL each, for the credentials of this process. The signer is
 * loaded at the first one, since nobody else should pay for it. Rejects with SINK_UNAVAILABLE.
 */
export async function fetchMskToken(region: string): Promise<{ value: string }> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new ProxywatchError('SINK_UNAVAILABLE', `no credentials for MSK within ${TIME_LIMIT_MS} ms`)),
    TIME_LIMIT_MS,
  );
  try {
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js');
    const { token } = await Promise.race([generateAuthToken({ region }), limit.promise]);
    return { value: token };
  } finally {
    clearTimeout(timer);
  }
}
