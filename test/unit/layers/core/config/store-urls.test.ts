import { describe, expect, test } from '@jest/globals';
import { checkDcdbUrl } from '@proxywatch/core/config/dcdb-url';
import { checkRedisUrl } from '@proxywatch/core/config/redis-url';

describe('addresses of the stores', () => {
  test.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, tls: false, database: 0, cluster: undefined }],
    ['rediss://cache:6380/2?cluster=true', { host: 'cache', port: 6380, tls: true, database: 2, cluster: true }],
    ['redis://[::1]:1/?cluster=false', { host: '::1', port: 1, tls: false, database: 0, cluster: false }],
    ['redis://u%40x:p%2Fw@h', { host: 'h', user: 'u@x', password: 'p/w' }],
    ['redis://:pw@h', { user: undefined, password: 'pw' }],
  ])('of Redis: %s', (url, address) => {
    expect(checkRedisUrl(url)).toMatchObject({ value: address });
  });

  test.each([
    [
      'mysql://u:p@db/proxywatch',
      { host: 'db', port: 3306, login: { user: 'u', password: 'p' }, database: 'proxywatch', tls: 'none' },
    ],
    [
      'mysql://u:p%40%3A@[::1]:3307/d%20b?tls=true',
      { host: '::1', port: 3307, login: { user: 'u', password: 'p@:' }, database: 'd b', tls: 'system' },
    ],
    ['mysql://u@db/x?tls=false', { login: { user: 'u', password: '' }, tls: 'none' }],
    ['mysql://db:1/x?tls=rds', { port: 1, login: undefined, tls: 'rds' }],
  ])('of the DCDB: %s', (url, address) => {
    expect(checkDcdbUrl(url)).toMatchObject({ value: address });
  });

  test.each([
    ['mysql://:hunter2@db/x', 'has a password and no user'],
    ['mysql://db/x?tls=yes', 'has a tls that is none of true, false and rds'],
    ['mysql://u:hunter2@db/', 'has no database'],
  ])('of the DCDB that are none: %s', (url, problem) => {
    expect(checkDcdbUrl(url)).toEqual({ problem });
  });
});
