import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '../../../../../../layers/core/src/domain/errors.ts';
import { aboutProxy, toProxywatchError } from '../../../../../../layers/core/src/drivers/proxysql/client-errors.ts';

const fromProxy = (message: string, errno = 1045) => Object.assign(new Error(message), { errno, sqlState: '28000' });
const fromSystem = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('an error of the client', () => {
  test.each([
    ['a bad password', fromProxy("ProxySQL Error: Access denied for user 'x'@'y'"), 'PROXY_ACCESS_DENIED'],
    ['a bad password at a MySQL server', fromProxy("Access denied for user 'x'@'y'"), 'PROXY_ACCESS_DENIED'],
    ['too many connections', fromProxy('Too many connections', 1040), 'PROXY_UNREACHABLE'],
    ['a refused connection', fromSystem('ECONNREFUSED'), 'PROXY_UNREACHABLE'],
    ['an unknown host', fromSystem('ENOTFOUND'), 'PROXY_UNREACHABLE'],
    ['a name server that does not answer', fromSystem('EAI_AGAIN'), 'PROXY_UNREACHABLE'],
    ['a broken TLS record', fromSystem('ERR_SSL_WRONG_VERSION_NUMBER'), 'PROXY_UNREACHABLE'],
    ['a reset', fromSystem('ECONNRESET'), 'PROXY_UNREACHABLE'],
    ['a lost connection', fromSystem('PROTOCOL_CONNECTION_LOST'), 'PROXY_UNREACHABLE'],
    ['a failed TLS handshake', fromSystem('HANDSHAKE_SSL_ERROR'), 'PROXY_UNREACHABLE'],
    ['no TLS at the proxy', fromSystem('HANDSHAKE_NO_SSL_SUPPORT'), 'PROXY_UNSUPPORTED'],
    ['an unknown greeting', fromSystem('HANDSHAKE_UNKNOWN_ERROR'), 'PROXY_PROTOCOL'],
    ['a packet nobody asked for', fromSystem('PROTOCOL_UNEXPECTED_PACKET'), 'PROXY_PROTOCOL'],
    ['a read beyond a packet', fromSystem('ERR_OUT_OF_RANGE'), 'PROXY_PROTOCOL'],
    ['something thrown that is no error', 'oops', 'PROXY_PROTOCOL'],
  ])('at log-in: %s', (_what, error, code) => {
    expect(toProxywatchError(error, 'log-in').code).toBe(code);
  });

  // All of them are 1045/28000 at the admin interface.
  test.each([
    ['a syntax error', 'ProxySQL Admin Error: near "SELEC": syntax error', 'PROXY_STATEMENT'],
    ['a missing table', 'ProxySQL Admin Error: no such table: nope', 'PROXY_STATEMENT'],
    ['a table named like a refusal', 'ProxySQL Admin Error: no such table: access denied', 'PROXY_STATEMENT'],
    ['an unsupported command', 'Command not supported', 'PROXY_STATEMENT'],
    ['a refused user', "ProxySQL Error: Access denied for user 'x'@'y'", 'PROXY_ACCESS_DENIED'],
  ])('for a statement: %s', (_what, message, code) => {
    expect(toProxywatchError(fromProxy(message), 'statement').code).toBe(code);
  });

  test('without a message shows its code, as of a host with two addresses that both refuse', () => {
    expect(toProxywatchError(fromSystem('ECONNREFUSED', ''), 'log-in').message).toBe('ECONNREFUSED');
  });

  test('keeps its code and cause and says which proxy it is about', () => {
    const cause = new Error('cause');
    const error = aboutProxy('px1', new ProxywatchError('PROXY_TIMEOUT', 'too slow', { cause }));
    expect(error).toMatchObject({ code: 'PROXY_TIMEOUT', message: 'proxy px1: too slow', cause });
  });
});
