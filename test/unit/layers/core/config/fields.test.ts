import { describe, expect, test } from '@jest/globals';
import { hostPorts, httpUrl, kafkaBrokers, mysqlUrl, redisUrl } from '@proxywatch/core/config/address-fields';
import { byteSize, choice, flag, integer, milliseconds, nonEmpty, port, seconds } from '@proxywatch/core/config/fields';
import type { z } from 'zod';

describe('fields of the environment', () => {
  test.each<[string, z.ZodType, string, unknown]>([
    ['a port', port(), '9464', 9464],
    ['a port to listen on', port({ min: 0 }), '0', 0],
    ['a negative integer', integer(), '-3', -3],
    ['milliseconds', milliseconds(), '0', 0],
    ['seconds with blanks around', seconds(), ' 90 ', 90],
    ['plain bytes', byteSize(), '1048576', 1_048_576],
    ['megabytes', byteSize(), '512MB', 512_000_000],
    ['gibibytes', byteSize(), '2 GiB', 2_147_483_648],
    ['a part of a gigabyte', byteSize(), '1.5gb', 1_500_000_000],
    ['text', nonEmpty(), 'shop', 'shop'],
    ['a flag', flag(), 'true', true],
    ['a flag as a digit', flag(), '0', false],
    ['a choice', choice('rw', 'ro'), 'ro', 'ro'],
    ['a Redis URL', redisUrl(), 'redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['a Redis URL with TLS', redisUrl(), 'rediss://u:p@cache:6380/0', 'rediss://u:p@cache:6380/0'],
    ['a MySQL URL', mysqlUrl(), 'mysql://u:p@db:3306/proxywatch', 'mysql://u:p@db:3306/proxywatch'],
    ['an HTTP URL', httpUrl(), 'http://127.0.0.1:9090', 'http://127.0.0.1:9090'],
    [
      'addresses',
      hostPorts(),
      '127.0.0.1:1, [::1]:2',
      [
        { host: '127.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
    ],
    ['brokers', kafkaBrokers(), 'b-1.msk.example:9098, 127.0.0.1:2', ['b-1.msk.example:9098', '127.0.0.1:2']],
  ])('%s is taken', (_, schema, text, value) => {
    expect(schema.parse(text)).toEqual(value);
  });

  test.each<[string, z.ZodType, string, string]>([
    ['a port above the range', port(), '65536', '"65536" is out of range, expected a port from 1 to 65535'],
    ['a port in hex', port(), '0x50', '"0x50" is no port, expected a port from 1 to 65535'],
    [
      'a duration with a unit',
      milliseconds({ max: 9 }),
      '2s',
      '"2s" is no number of milliseconds, expected milliseconds from 0 to 9',
    ],
    ['a negative duration', seconds(), '-1', '"-1" is out of range, expected seconds from 0 up'],
    [
      'an integer beyond exactness',
      integer(),
      '9007199254740993',
      '"9007199254740993" is out of range, expected an integer',
    ],
    ['an unknown unit', byteSize(), '5 parsecs', '"5 parsecs" is no size, expected bytes such as 512MB, from 0 up'],
    [
      'a unit that every object has',
      byteSize(),
      '5constructor',
      '"5constructor" is no size, expected bytes such as 512MB, from 0 up',
    ],
    [
      'too many bytes',
      byteSize({ min: 1, max: 10 }),
      '1kB',
      '"1kB" is out of range, expected bytes such as 512MB, from 1 to 10',
    ],
    ['blanks', nonEmpty(), '   ', 'empty, expected some text'],
    ['a flag in words', flag(), 'yes', '"yes" is neither, expected true or false'],
    ['an unknown choice', choice('rw', 'ro'), 'rx', '"rx" is unknown, expected rw | ro'],
    [
      'another scheme',
      redisUrl(),
      'http://:pw@h:1',
      'has another scheme, expected redis://[user:password@]host[:port][/database][?cluster=true|false], rediss:// for TLS',
    ],
    [
      'a cluster that is none',
      redisUrl(),
      'redis://h?cluster=maybe',
      'has a cluster that is neither true nor false, expected redis://[user:password@]host[:port][/database][?cluster=true|false], rediss:// for TLS',
    ],
    [
      'a database that is no number',
      redisUrl(),
      'redis://h/zero',
      'has a database that is no number, expected redis://[user:password@]host[:port][/database][?cluster=true|false], rediss:// for TLS',
    ],
    [
      'an unknown parameter',
      mysqlUrl(),
      'mysql://u:pw@h/db?ssl=1',
      'has unknown parameters, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]',
    ],
    [
      'a broken escape',
      mysqlUrl(),
      'mysql://u:pw%zz@h/db',
      'has a broken escape, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]',
    ],
    [
      'an HTTP URL of another scheme',
      httpUrl(),
      'ftp://h',
      'has another scheme, expected http://host:port or https://host',
    ],
    [
      'no URL',
      mysqlUrl(),
      'pw@nowhere',
      'is no URL, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]',
    ],
    [
      'a password and no user',
      mysqlUrl(),
      'mysql://:pw@h/db',
      'has a password and no user, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]',
    ],
    [
      'no database',
      mysqlUrl(),
      'mysql://u:pw@h',
      'has no database, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]',
    ],
    [
      'an address without a port',
      hostPorts(),
      'a:1,b',
      '"b" is no address, expected host:port, several separated by commas',
    ],
    [
      'nothing between commas',
      hostPorts(),
      'a:1,,b:70000',
      '"" and "b:70000" is no address, expected host:port, several separated by commas',
    ],
    [
      'a broker without a port, and one with an IPv6 address',
      kafkaBrokers(),
      'a,b:1,[::1]:2',
      '"a" and "[::1]:2" is no address of a broker, expected host:port of Kafka brokers, several separated by commas',
    ],
  ])('%s is refused', (_, schema, text, message) => {
    const issues = schema.safeParse(text).error?.issues ?? [];
    expect(issues.map((issue) => issue.message)).toEqual([message]);
    expect(message).not.toContain('pw');
  });
});
