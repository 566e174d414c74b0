import { expect, test } from '@jest/globals';
import { type ErrorCode, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { whoIsToBlame } from '../../../../../functions/api/proxies/probe-problems.ts';

const PROXY: RegisteredProxy = {
  id: 'shop-1',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.7',
  adminPort: 6032,
  adminTls: false,
  statsCredentialRef: 'stats',
};
const RUNNING = new AbortController().signal;

function blame(code: ErrorCode, { cause = undefined as unknown, proxy = PROXY } = {}) {
  const error = new ProxywatchError(code, 'proxy shop-1: connect to 10.0.0.7:6032 failed', { cause });
  return whoIsToBlame(proxy, 'adminCredentialRef', RUNNING, () => Promise.reject(error));
}

test.each<[ErrorCode, string | undefined, string]>([
  ['CREDENTIAL_MISSING', undefined, '/adminCredentialRef'],
  ['PROXY_ACCESS_DENIED', undefined, '/adminCredentialRef'],
  ['PROXY_STATEMENT', undefined, '/adminCredentialRef'],
  ['PROXY_TIMEOUT', undefined, '/adminHost'],
  ['PROXY_BUSY', undefined, '/adminHost'],
  ['PROXY_PROTOCOL', undefined, '/adminPort'],
  ['PROXY_UNREACHABLE', 'ENOTFOUND', '/adminHost'],
  ['PROXY_UNREACHABLE', 'EHOSTUNREACH', '/adminHost'],
  ['PROXY_UNREACHABLE', 'ECONNREFUSED', '/adminPort'],
  ['PROXY_UNREACHABLE', 'PROTOCOL_CONNECTION_LOST', '/adminPort'],
  ['PROXY_UNREACHABLE', 'HANDSHAKE_SSL_ERROR', '/adminTls'],
  ['PROXY_UNREACHABLE', undefined, '/adminHost'],
  ['PROXY_UNSUPPORTED', undefined, '/kind'],
])('%s (%s) is blamed on %s, without telling addresses', async (code, causeCode, pointer) => {
  const cause = causeCode === undefined ? undefined : { code: causeCode };
  const told = await blame(code, { cause }).catch((error: unknown) => error);
  expect(told).toMatchObject({ code: 'UNPROCESSABLE', problems: [{ pointer }] });
  expect(String(told)).not.toContain('10.0.0.7');
});

test('a proxy without TLS is told from one that is too old', async () => {
  await expect(blame('PROXY_UNSUPPORTED', { proxy: { ...PROXY, adminTls: true } })).rejects.toMatchObject({
    problems: [{ pointer: '/adminTls' }],
  });
});

test('what is no fault of the registration stays what it is', async () => {
  await expect(blame('STORE_UNAVAILABLE')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  const mistake = new TypeError('ours');
  await expect(whoIsToBlame(PROXY, 'statsCredentialRef', RUNNING, () => Promise.reject(mistake))).rejects.toBe(mistake);
});

test('a request whose time is over blames nobody', async () => {
  const over = AbortSignal.abort(new ProxywatchError('CANCELLED', 'the time is over'));
  const trial = () => Promise.reject(new ProxywatchError('PROXY_TIMEOUT', 'aborted'));
  await expect(whoIsToBlame(PROXY, 'statsCredentialRef', over, trial)).rejects.toMatchObject({ code: 'CANCELLED' });
});
