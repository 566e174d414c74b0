import { describe, expect, test } from '@jest/globals';
import { configError } from '@proxywatch/core/config/config-error';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';

class Exit extends Error {}

describe('ending a program whose configuration is wrong', () => {
  test('prints all problems and exits with code 2', () => {
    const { seen, options } = recorder();
    const parse = () => {
      throw configError('the environment', ['A: not set, expected some text', 'B: empty, expected some text']);
    };
    expect(() => exitOnConfigError(parse, options)).toThrow(Exit);
    expect(seen).toEqual([
      '2 problems in the environment\n  A: not set, expected some text\n  B: empty, expected some text',
      2,
    ]);
  });

  test('gives back a good configuration', () => {
    const { seen, options } = recorder();
    expect(exitOnConfigError(() => ({ port: 1 }), options)).toEqual({ port: 1 });
    expect(seen).toEqual([]);
  });

  test('lets other errors pass', () => {
    const { seen, options } = recorder();
    const parse = () => {
      throw new TypeError('a bug');
    };
    expect(() => exitOnConfigError(parse, options)).toThrow(TypeError);
    expect(seen).toEqual([]);
  });
});

function recorder() {
  const seen: unknown[] = [];
  const exit = (code: number): never => {
    seen.push(code);
    throw new Exit();
  };
  return { seen, options: { print: (message: string) => void seen.push(message), exit } };
}
