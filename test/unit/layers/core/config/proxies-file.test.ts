import { describe, expect, test } from '@jest/globals';
import { parseProxies } from '@proxywatch/core/config/proxies-file';
import { messageOf } from '@proxywatch/core/domain/errors';

const proxy = {
  id: 'shop-1',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.1',
  adminPort: 6032,
  statsCredentialRef: 'stats',
};

describe('PROXIES_FILE', () => {
  test('gives registered proxies, with TLS off unless asked for', () => {
    const full = {
      ...proxy,
      id: 'shop-2',
      adminTls: true,
      trafficHost: 'db',
      trafficPort: 6033,
      adminCredentialRef: 'admin',
    };
    expect(parseProxies(JSON.stringify([proxy, full]))).toEqual([{ ...proxy, adminTls: false }, full]);
  });

  test('may be empty', () => {
    expect(parseProxies('[]')).toEqual([]);
  });

  test('refuses unknown fields by name', () => {
    expect(problemsOf([{ ...proxy, adminPrt: 1, 'a/b': 2 }])).toEqual([
      '/0/adminPrt: unknown field',
      '/0/a~1b: unknown field',
    ]);
  });

  test('refuses duplicate ids and says where the first stands', () => {
    expect(problemsOf([proxy, { ...proxy, adminPort: 6132 }])).toEqual(['/1/id: "shop-1" is taken by /0']);
  });

  test('tells all problems at once', () => {
    const { kind: _, ...kindless } = proxy;
    const problems = problemsOf([
      { ...proxy, adminPort: '6032' },
      { ...kindless, id: 'a b', adminPort: 70_000 },
      'shop-3',
      { ...proxy, adminTls: 'yes', adminHost: 'http://h', trafficPort: 1.5, extra: 1 },
    ]);
    expect(problems).toEqual([
      '/0/adminPort: expected number, got string',
      '/1/id: expected up to 128 letters, digits and . _ : @ -, the first a letter or digit',
      '/1/kind: missing, expected string',
      '/1/adminPort: expected a port from 1 to 65535',
      '/2: expected object, got string',
      '/3/adminHost: expected a host name or address',
      '/3/adminTls: expected boolean, got string',
      '/3/trafficPort: expected a port from 1 to 65535',
      '/3/extra: unknown field',
      '/3/id: "shop-1" is taken by /0',
    ]);
  });

  test.each([
    ['an object', '{}', ['/: expected array, got object']],
    ['null', 'null', ['/: expected array, got null']],
    ['cut off', '[{"id": "a"', ['not valid JSON (line 1 column 12)']],
    ['empty', '', ['not valid JSON']],
  ])('refuses a file that is %s', (_, text, problems) => {
    expect(problemsOfText(text)).toEqual(problems);
  });
});

function problemsOf(value: unknown): string[] {
  return problemsOfText(JSON.stringify(value));
}

function problemsOfText(text: string): string[] {
  try {
    parseProxies(text);
  } catch (error) {
    return messageOf(error)
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}
