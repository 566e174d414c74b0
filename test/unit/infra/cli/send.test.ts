import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSend, type Identity } from '../../../../infra/cli/send.ts';

let server: Server;
let asked: IncomingMessage | undefined;
let url: string;
beforeEach(async () => {
  server = createServer((request, response) => {
    asked = request;
    response.setHeader('content-type', 'application/json').end('{"items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

const credentials = () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalr', sessionToken: 'session' });
const get = (base: string, identity: Identity) =>
  createSend(
    base,
    identity,
  )({ method: 'GET', path: '/v1/proxies?limit=5&namespace=a%20b', headers: {}, body: undefined });

test('a path before the API, such as a stage of API Gateway, stays', async () => {
  expect((await get(`${url}/live/`, { kind: 'nobody' })).body).toEqual({ items: [] });
  expect(asked?.url).toBe('/live/v1/proxies?limit=5&namespace=a%20b');
  expect(asked?.headers.authorization).toBeUndefined();
});

test('a path from an answer has it already', async () => {
  const send = createSend(`${url}/live/`, { kind: 'nobody' });
  await send({ method: 'GET', path: '/live/v1/operations/7', headers: {}, body: undefined });
  expect(asked?.url).toBe('/live/v1/operations/7');
});

test('a token is sent as it is', async () => {
  await get(url, { kind: 'token', token: 'abc' });
  expect(asked?.headers.authorization).toBe('Bearer abc');
});

test('a principal of IAM signs for API Gateway, and its secret stays here', async () => {
  await get(`${url}/live`, { kind: 'iam', region: 'eu-central-1', credentials });
  const authorization = asked?.headers.authorization;
  expect(authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, /,
  );
  expect(authorization).toContain('host;x-amz');
  expect(asked?.headers['x-amz-security-token']).toBe('session');
  expect(JSON.stringify(asked?.headers)).not.toContain('wJalr');
});

test('without credentials it says so, and sends nothing', async () => {
  asked = undefined;
  const nobody = () => {
    throw new Error('no credentials');
  };
  await expect(get(url, { kind: 'iam', region: 'eu-central-1', credentials: nobody })).rejects.toThrow(
    'no credentials',
  );
  expect(asked).toBeUndefined();
});
