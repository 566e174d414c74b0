import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileJwks, createRemoteJwks } from '@proxywatch/core/drivers/auth/jwks';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

const header = (kid: string) => ({ alg: 'ES256', kid });
const token = { payload: '', signature: '' };

async function publicKey(kid: string): Promise<JWK> {
  const { publicKey } = await generateKeyPair('ES256');
  return { ...(await exportJWK(publicKey)), kid, alg: 'ES256' };
}

describe('keys at an address', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    answer = { status: 200, body: JSON.stringify({ keys: [await publicKey('a')] }) };
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()));

  test('are asked for once', async () => {
    const keys = createRemoteJwks(url);
    await Promise.all([keys(header('a'), token), keys(header('a'), token)]);
    await keys(header('a'), token);
    expect(asked).toBe(1);
  });

  test('are not asked for again for each made-up key', async () => {
    const keys = createRemoteJwks(url);
    await keys(header('a'), token);
    for (let i = 0; i < 5; i += 1)
      await expect(keys(header(`made-up-${i}`), token)).rejects.toThrow(/no applicable key/);
    expect(asked).toBe(1);
  });

  test('that cannot be had are no fault of the token, and are let alone for a while', async () => {
    let nowMs = 0;
    const keys = createRemoteJwks(url, { nowMs: () => nowMs });
    answer = { ...answer, status: 500 };
    for (let i = 0; i < 3; i += 1) {
      await expect(keys(header('a'), token)).rejects.toMatchObject({
        code: 'SERVICE_UNREACHABLE',
        service: 'identity',
      });
    }
    expect(asked).toBe(1);
    answer = { ...answer, status: 200 };
    nowMs += 10_000;
    await expect(keys(header('a'), token)).resolves.toBeDefined();
  });

  test('from somebody who does not answer are given up', async () => {
    const keys = createRemoteJwks(url, { timeoutMs: 20, fetch: hangingFetch });
    await expect(keys(header('a'), token)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  });
});

const hangingFetch = ((_url: unknown, init?: RequestInit) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  })) as typeof fetch;

describe('keys in a file', () => {
  test('are read again when the file changes, and keep their last good state', async () => {
    const path = join(temporaryFolder(), 'jwks.json');
    const keys = createFileJwks(path);
    await expect(keys(header('a'), token)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', service: 'identity' });
    await writeFile(path, JSON.stringify({ keys: [await publicKey('a')] }));
    await expect(keys(header('a'), token)).resolves.toBeDefined();
    await writeFile(path, '{');
    await expect(keys(header('a'), token)).resolves.toBeDefined();
    await writeFile(path, JSON.stringify({ keys: [await publicKey('b')] }));
    await expect(keys(header('b'), token)).resolves.toBeDefined();
    await expect(keys(header('a'), token)).rejects.toThrow(/no applicable key/);
  });
});
