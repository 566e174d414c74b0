import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { parseJson } from '../../config/parse-json.ts';
import { errorCodeOf, messageOf, ProxywatchError } from '../../domain/errors.ts';
import { createWatchedFile } from '../files/watched-file.ts';

export interface RemoteJwksOptions {
  /** Longest that fetching may take. @default 3000 */
  readonly timeoutMs?: number;
  /** How long keys are used; a key that is not among them is looked for earlier. @default 3600000 */
  readonly maxAgeMs?: number;
  /** Least time between two fetches, for unknown keys and after a failure. @default 10000 */
  readonly cooldownMs?: number;
  /** @default - fetch */
  readonly fetch?: typeof fetch;
  /** @default performance.now */
  readonly nowMs?: () => number;
}

/** Form of a key set; what a key needs is jose's business. */
export const jwksDocument = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * Keys at the issuer's address. Rejects with SERVICE_UNREACHABLE (service `identity`) while they cannot be had; strangers
 * with made-up key ids do not have us ask more often than once per cooldown.
 */
export function createRemoteJwks(url: string, options: RemoteJwksOptions = {}): JWTVerifyGetKey {
  const { timeoutMs = 3_000, maxAgeMs = 3_600_000, cooldownMs = 10_000, nowMs = () => performance.now() } = options;
  const { fetch: ask = fetch } = options;
  let failedMs = Number.NEGATIVE_INFINITY;
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    [customFetch]: (target, init) => ask(target, init),
  });
  return async (header, token) => {
    const isCooling = nowMs() - failedMs < cooldownMs;
    if (isCooling && !keys.fresh) throw unreachable('fetching the keys failed a moment ago');
    try {
      return await keys(header, token);
    } catch (error) {
      if (saysNothingOfTheIssuer(error)) throw error;
      failedMs = nowMs();
      throw unreachable(messageOf(error));
    }
  };
}

/** Keys in a file, read again when it changes. Rejects with SERVICE_UNREACHABLE (service `identity`) without a good one. */
export function createFileJwks(path: string): JWTVerifyGetKey {
  const file = createWatchedFile(path, (text) => {
    const document = parseJson(jwksDocument, text, path);
    return createLocalJWKSet({ keys: document.keys.map((key) => ({ ...key })) });
  });
  return async (header, token) => {
    const { value } = await file.read().catch((error: unknown) => {
      throw unreachable(errorCodeOf(error) ?? messageOf(error));
    });
    return value(header, token);
  };
}

/** The token's fault: its key is not, or not clearly, among those that we have. */
function saysNothingOfTheIssuer(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function unreachable(reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `the keys of the token issuer cannot be had: ${reason}`, {
    service: 'identity',
  });
}
