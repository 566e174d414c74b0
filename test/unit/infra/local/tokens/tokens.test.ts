import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { parseCommand } from '../../../../../infra/local/tokens/parse-command.ts';
import {
  createTokenKeys,
  LOCAL_AUDIENCE,
  LOCAL_ISSUER,
  signToken,
} from '../../../../../infra/local/tokens/token-keys.ts';

describe('a token', () => {
  test('is verified by the public keys of its run, and by no others', async () => {
    const [keys, others] = [await createTokenKeys(), await createTokenKeys()];
    const token = await signToken(keys.privateJwk, { sub: 'ann', groups: ['local-viewer'], lifetimeS: 60 });
    const rules = { issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE };
    const { payload } = await jwtVerify(token, createLocalJWKSet(JSON.parse(keys.jwks)), rules);
    expect(payload).toMatchObject({ sub: 'ann', groups: ['local-viewer'] });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    await expect(jwtVerify(token, createLocalJWKSet(JSON.parse(others.jwks)), rules)).rejects.toThrow();
  });

  test('is told apart from its key: the public half holds no secret', async () => {
    const { jwks } = await createTokenKeys();
    expect(JSON.parse(jwks).keys[0]).not.toHaveProperty('d');
  });
});

describe('the command line', () => {
  test.each([
    [['--role', 'viewer'], { role: 'viewer', namespace: '*', sub: 'local-viewer', lifetimeS: 43_200 }],
    [
      ['--role', 'admin', '--namespace', 'shop', '--sub', 'ann', '--hours', '0.5'],
      { role: 'admin', namespace: 'shop', sub: 'ann', lifetimeS: 1_800 },
    ],
  ])('%j', (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  test.each([
    [[], '--role is one of'],
    [['--role', 'root'], '--role is one of'],
    [['--role'], '--role has no value'],
    [['--role', 'viewer', '--rol', 'x'], 'unknown option "--rol"'],
    [['--role', 'viewer', '--role', 'admin'], 'twice'],
    [['--role', 'viewer', '--hours', '0'], '--hours'],
  ])('%j is refused', (args, problem) => {
    expect(() => parseCommand(args)).toThrow(problem);
  });
});
