import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

export const LOCAL_ISSUER = 'https://proxywatch.local';
export const LOCAL_AUDIENCE = 'proxywatch';
const ALGORITHM = 'ES256';

export interface TokenKeys {
  /** JSON Web Key that signs; a secret. */
  readonly privateJwk: string;
  /** JSON Web Key Set for whoever checks tokens. */
  readonly jwks: string;
}

/** The keys of a token issuer that lives as long as a local run. */
export async function createTokenKeys(): Promise<TokenKeys> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const kid = crypto.randomUUID();
  const names = { kid, alg: ALGORITHM, use: 'sig' };
  return {
    privateJwk: JSON.stringify({ ...(await exportJWK(privateKey)), ...names }),
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...names }] }),
  };
}

export interface TokenClaims {
  readonly sub: string;
  readonly groups: readonly string[];
  readonly lifetimeS: number;
}

/** Signs a token for the local API. */
export async function signToken(privateJwk: string, { sub, groups, lifetimeS }: TokenClaims): Promise<string> {
  const jwk: JWK = JSON.parse(privateJwk);
  const key = await importJWK(jwk, ALGORITHM);
  const nowS = Math.floor(Date.now() / 1_000);
  return new SignJWT({ groups: [...groups] })
    .setProtectedHeader({ alg: ALGORITHM, kid: String(jwk.kid), typ: 'JWT' })
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setSubject(sub)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + lifetimeS)
    .sign(key);
}
