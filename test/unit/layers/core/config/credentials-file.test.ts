import { describe, expect, test } from '@jest/globals';
import { parseCredentials } from '@proxywatch/core/config/credentials-file';
import { messageOf } from '@proxywatch/core/domain/errors';

describe('PROXY_CREDENTIALS_FILE', () => {
  test('maps references to user and password', () => {
    const credentials = parseCredentials('{"stats": {"user": "stats", "password": "s3cret"}}');
    expect(credentials.get('stats')).toEqual({ user: 'stats', password: 's3cret' });
    expect(credentials.get('toString')).toBeUndefined();
  });

  test('tells all problems at once', () => {
    const text = JSON.stringify({ a: { user: '', password: 7 }, b: { user: 'u', pasword: 'x' }, c: null });
    expect(messageThrownFor(text)).toBe(
      [
        '5 problems in PROXY_CREDENTIALS_FILE',
        '  /a/user: empty',
        '  /a/password: expected string, got number',
        '  /b/password: missing, expected string',
        '  /b/pasword: unknown field',
        '  /c: expected object, got null',
      ].join('\n'),
    );
  });

  test.each([
    '{"a": {"user": "u", "password": "hunter2" "x": 1}}',
    '{"a": {"user": "u", "password": hunter2}}',
    '{"a": {"user": "u", "password": ["hunter2"]}}',
    '{"a": "hunter2"}',
    'hunter2',
  ])('never repeats what may be a secret: %s', (text) => {
    expect(messageThrownFor(text)).toContain('1 problem');
    expect(messageThrownFor(text)).not.toContain('hunter2');
  });
});

function messageThrownFor(text: string): string {
  try {
    parseCredentials(text);
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('nothing was thrown');
}
