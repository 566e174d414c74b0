import { beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { createJwtAuthenticator } from '@proxywatch/core/drivers/auth/jwt-authenticator';
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  type JWTVerifyGetKey,
  SignJWT,
  UnsecuredJWT,
} from 'jose';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

const ISSUER = 'https://issuer.test';
const NOW_S = 1_800_000_000;
let keys: JWTVerifyGetKey;
let privateKey: PrivateKey;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'a', alg: 'ES256' }] });
});

const good = { iss: ISSUER, aud: 'proxywatch', sub: 'ana', exp: NOW_S + 60, groups: ['ops', 'dba'] };
const sign = (claims: JWTPayload, key: PrivateKey | Uint8Array = privateKey, alg = 'ES256') =>
  new SignJWT(claims).setProtectedHeader({ alg, kid: 'a' }).sign(key);
const authenticate = (authorization: string | undefined, groupsClaim?: string) =>
  createJwtAuthenticator({
    issuer: ISSUER,
    audience: 'proxywatch',
    keys,
    nowMs: () => NOW_S * 1_000,
    ...(groupsClaim !== undefined && { groupsClaim }),
  }).authenticate({ authorization, iamArn: undefined });
const problemOf = async (authorization: string | undefined) => {
  const error = await authenticate(authorization).catch((problem: unknown) => problem);
  expect(errorCodeOf(error)).toBe('UNAUTHENTICATED');
  return messageOf(error);
};

describe('a token', () => {
  test('of the issuer for this audience tells who its bearer is', async () => {
    expect(await authenticate(`Bearer ${await sign(good)}`)).toEqual({ name: 'ana', groups: ['ops', 'dba'] });
    expect(await authenticate(`bearer  ${await sign({ ...good, aud: ['other', 'proxywatch'] })}`)).toMatchObject({
      name: 'ana',
    });
  });

  test('may have its groups in another claim, as one name, or none', async () => {
    const token = await sign({ ...good, 'cognito:groups': 'ops' });
    expect(await authenticate(`Bearer ${token}`, 'cognito:groups')).toEqual({ name: 'ana', groups: ['ops'] });
    expect(await authenticate(`Bearer ${token}`, '__proto__')).toEqual({ name: 'ana', groups: [] });
    expect(await authenticate(`Bearer ${await sign({ ...good, groups: [1, '', 'ok', null] })}`)).toMatchObject({
      groups: ['ok'],
    });
  });

  test.each([
    ['expired', { exp: NOW_S - 6 }, 'the token is expired'],
    ['not yet valid', { nbf: NOW_S + 6 }, 'the token has a wrong nbf'],
    ['for another audience', { aud: 'other' }, 'the token has a wrong aud'],
    ['of another issuer', { iss: 'https://other.test' }, 'the token has a wrong iss'],
    ['without an end', { exp: undefined }, 'the token has a wrong exp'],
    ['of nobody', { sub: undefined }, 'the token has a wrong sub'],
    ['of an empty name', { sub: '' }, 'the token has no usable sub'],
    ['of a name with control characters', { sub: 'a\nb' }, 'the token has no usable sub'],
    ['of too long a name', { sub: 'x'.repeat(256) }, 'the token has no usable sub'],
    [
      'with more groups than anybody looks through',
      { groups: Array(501).fill('g') },
      'the token has more than 500 groups',
    ],
  ])('that is %s is refused', async (_name, claims, problem) => {
    expect(await problemOf(`Bearer ${await sign({ ...good, ...claims } as JWTPayload)}`)).toBe(problem);
  });

  test('a few seconds past its end is taken: clocks differ', async () => {
    expect(await authenticate(`Bearer ${await sign({ ...good, exp: NOW_S - 4 })}`)).toMatchObject({ name: 'ana' });
  });

  test('that is not signed, by nobody we know, or with a shared secret is refused', async () => {
    const other = await generateKeyPair('ES256');
    const secret = new TextEncoder().encode('a shared secret of 32 characters');
    const unsigned = `${new UnsecuredJWT(good).encode()}x`;
    expect(await problemOf(`Bearer ${unsigned}`)).toBe('the token is signed in a way that is not accepted');
    expect(await problemOf(`Bearer ${await sign(good, secret, 'HS256')}`)).toBe(
      'the token is signed in a way that is not accepted',
    );
    expect(await problemOf(`Bearer ${await sign(good, other.privateKey)}`)).toBe('the token cannot be believed');
  });

  test('that was changed is refused', async () => {
    const [header, , signature] = (await sign(good)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...good, sub: 'root' })).toString('base64url');
    expect(await problemOf(`Bearer ${header}.${forged}.${signature}`)).toBe('the token cannot be believed');
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer a.b',
    'Basic YTpi',
    'Bearer a.b.c d',
    `Bearer ${'a'.repeat(20_000)}.b.c`,
  ])('that is none is refused: %j', async (authorization) => {
    expect(await problemOf(authorization)).toMatch(/token/);
  });
});
