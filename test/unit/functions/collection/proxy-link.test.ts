import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type ErrorCode, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import { ProxyLink } from '../../../../functions/collection/proxy-link.ts';
import { FakeProxy, PROXY } from '../../../support/fake-proxy.ts';
import { CLOCK } from '../gateway/test-worker.ts';

const signal = new AbortController().signal;
let proxy: FakeProxy;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  proxy = new FakeProxy();
});
afterEach(() => {
  jest.useRealTimers();
});

const CREDENTIALS: CredentialSource = { fetchCredential: async () => ({ user: 'stats', password: 'first' }) };
const linkTo = (driver: FakeProxy, credentials = CREDENTIALS, connectTimeoutMs = 5_000) =>
  new ProxyLink({ proxy: PROXY, driver, credentials, connectTimeoutMs, clock: CLOCK });
const failing = (code: ErrorCode) => () => {
  throw new ProxywatchError(code, 'as asked');
};
const status = (link: ProxyLink) => link.run((session) => session.fetchStatus(signal), signal);
const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'ok',
    (error: ProxywatchError) => error.code,
  );

describe('a link', () => {
  test('keeps one connection for all that is run, and opens another once that is closed', async () => {
    const link = linkTo(proxy);
    await status(link);
    await status(link);
    expect(proxy.sessions).toHaveLength(1);
    proxy.before = (call) => (call === 'status' ? failing('PROXY_UNREACHABLE')() : undefined);
    await codeOf(status(link));
    expect(link.session).toBeUndefined();
    proxy.before = () => undefined;
    await status(link);
    expect(proxy.sessions).toHaveLength(2);
  });

  test('asks for the credential at each connect, so that a new password works', async () => {
    let password = 'first';
    const link = linkTo(proxy, { fetchCredential: async () => ({ user: 'stats', password }) });
    await status(link);
    password = 'second';
    await link.close();
    await status(link);
    expect(proxy.credentials.map((credential) => credential.password)).toEqual(['first', 'second']);
  });

  test('is not held by a source of credentials that never answers', async () => {
    jest.useRealTimers();
    const { promise: never } = Promise.withResolvers<never>();
    const link = linkTo(proxy, { fetchCredential: () => never }, 20);
    expect(await codeOf(status(link))).toBe('SERVICE_UNREACHABLE');
    expect(proxy.calls).toEqual([]);
  });
});

describe('a proxy that fails three times in a row', () => {
  test.each(['PROXY_UNREACHABLE', 'PROXY_ACCESS_DENIED', 'PROXY_TIMEOUT', 'PROXY_PROTOCOL'] as const)(
    '(%s) is left alone for a while, then tried once',
    async (code) => {
      const link = linkTo(proxy);
      proxy.before = failing(code);
      for (let i = 0; i < 3; i++) expect(await codeOf(status(link))).toBe(code);
      const told = 'as asked (3 failures in a row, next attempt in 1 s)';
      await expect(status(link)).rejects.toMatchObject({ code, message: told });
      expect(proxy.calls).toHaveLength(3);
      jest.advanceTimersByTime(1_000);
      expect(await codeOf(status(link))).toBe(code);
      await expect(status(link)).rejects.toThrow('(4 failures in a row, next attempt in 2 s)');
      expect(proxy.calls).toHaveLength(4);
    },
  );

  test('is back as soon as one attempt succeeds', async () => {
    const link = linkTo(proxy);
    proxy.before = failing('PROXY_UNREACHABLE');
    for (let i = 0; i < 3; i++) await codeOf(status(link));
    proxy.before = () => undefined;
    jest.advanceTimersByTime(1_000);
    expect(await codeOf(status(link))).toBe('ok');
    expect(await codeOf(status(link))).toBe('ok');
  });

  test('is never left alone for longer than 15 seconds', async () => {
    const link = linkTo(proxy);
    proxy.before = failing('PROXY_UNREACHABLE');
    for (let i = 0; i < 30; i++) {
      await codeOf(status(link));
      jest.advanceTimersByTime(15_000);
    }
    expect(proxy.calls).toHaveLength(30);
  });
});

test.each(['PROXY_STATEMENT', 'PROXY_UNSUPPORTED', 'PROXY_BUSY', 'CANCELLED', 'CREDENTIAL_MISSING'] as const)(
  '%s is no reason to stay away from a proxy',
  async (code) => {
    const link = linkTo(proxy);
    proxy.before = (call) => (call === 'status' ? failing(code)() : undefined);
    for (let i = 0; i < 10; i++) expect(await codeOf(status(link))).toBe(code);
    proxy.before = () => undefined;
    expect(await codeOf(status(link))).toBe('ok');
  },
);
