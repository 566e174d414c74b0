import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Principal } from '../../domain/access/caller.ts';
import { isProxywatchError, ProxywatchError } from '../../domain/errors.ts';
import type { Authenticator } from '../../ports/authenticator.ts';

export interface JwtAuthenticatorOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** Claim with the groups: a list of names, or one name. @default groups */
  readonly groupsClaim?: string;
  /** @default Date.now */
  readonly nowMs?: () => number;
}

/** Signatures with a public key only: a shared secret would let whoever checks tokens make them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_S = 5;
const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const MAX_TOKEN_CHARACTERS = 16_384;
const MAX_NAME_CHARACTERS = 255;
const MAX_GROUPS = 500;

/** Believes tokens of one issuer for one audience. */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const { issuer, audience, keys, groupsClaim = 'groups', nowMs = Date.now } = options;
  return {
    challenge: 'Bearer realm="proxywatch"',
    async authenticate({ authorization }, signal) {
      signal?.throwIfAborted();
      if (authorization === undefined) throw refused('this needs a token');
      const token = BEARER.exec(authorization.trim())?.[1];
      if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) {
        throw refused('expected `authorization: Bearer <token>`');
      }
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ['sub', 'exp'],
          currentDate: new Date(nowMs()),
        });
        return principalOf(payload, groupsClaim);
      } catch (error) {
        throw isProxywatchError(error) ? error : refused(reasonOf(error));
      }
    },
  };
}

function principalOf(payload: JWTPayload, groupsClaim: string): Principal {
  const name = payload.sub;
  if (!isName(name)) throw refused('the token has no usable sub');
  const claim = Object.hasOwn(payload, groupsClaim) ? payload[groupsClaim] : undefined;
  const groups = Array.isArray(claim) ? claim : claim === undefined ? [] : [claim];
  // One that is no name gives no role; a list that is cut might leave out the group that matters.
  if (groups.length > MAX_GROUPS) throw refused(`the token has more than ${MAX_GROUPS} groups`);
  return { name, groups: groups.filter(isName) };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_CHARACTERS && !/\p{Cc}/u.test(value);
}

/** What the holder of a token can do something about; everything else is one and the same to them. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token is expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `the token has a wrong ${error.claim}`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed in a way that is not accepted';
  return 'the token cannot be believed';
}

function refused(message: string): ProxywatchError {
  return new ProxywatchError('UNAUTHENTICATED', message);
}
