import { describe, expect, test } from '@jest/globals';
import { integer, milliseconds, nonEmpty, port, secret } from '@proxywatch/core/config/fields';
import { parseEnvironment, relation } from '@proxywatch/core/config/parse-environment';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';

const schema = z
  .object({
    NAME: nonEmpty(),
    PORT: port().default(9464),
    TOKEN: secret().optional(),
    LEASE_MS: milliseconds({ min: 100 }).default(15_000),
    HEARTBEAT_MS: milliseconds({ min: 100 }).default(5_000),
  })
  .check(
    relation(
      ['HEARTBEAT_MS', 'LEASE_MS'],
      (env) => env.HEARTBEAT_MS * 2 <= env.LEASE_MS,
      'expected at most half of LEASE_MS',
    ),
  );

describe('parsing the environment', () => {
  test('fills in what is not set and ignores the variables of others', () => {
    expect(parseEnvironment(schema, { NAME: 'a', PATH: '/bin' })).toEqual({
      NAME: 'a',
      PORT: 9464,
      LEASE_MS: 15_000,
      HEARTBEAT_MS: 5_000,
    });
  });

  test('takes a variable that is set to nothing as not set', () => {
    expect(parseEnvironment(schema, { NAME: 'a', PORT: '', TOKEN: '' }).PORT).toBe(9464);
    expect(problemsOf(schema, { NAME: '' })).toEqual(['NAME: not set, expected some text']);
  });

  test('names every problem at once, with what was wrong and what is expected', () => {
    expect(problemsOf(schema, { PORT: 'abc', LEASE_MS: '5' })).toEqual([
      'NAME: not set, expected some text',
      'PORT: "abc" is no port, expected a port from 1 to 65535',
      'LEASE_MS: "5" is out of range, expected milliseconds from 100 up',
    ]);
  });

  test('reports a broken relation together with the problems of other settings', () => {
    expect(problemsOf(schema, { PORT: '70000', LEASE_MS: '6000' })).toEqual([
      'NAME: not set, expected some text',
      'PORT: "70000" is out of range, expected a port from 1 to 65535',
      'HEARTBEAT_MS: expected at most half of LEASE_MS',
    ]);
  });

  test('does not judge a relation of settings that are wrong in themselves', () => {
    expect(problemsOf(schema, { NAME: 'a', LEASE_MS: 'soon' })).toEqual([
      'LEASE_MS: "soon" is no number of milliseconds, expected milliseconds from 100 up',
    ]);
  });

  test('never repeats a secret, and cuts a long value', () => {
    const long = z.object({ TOKEN: secret(), PORT: port() });
    const [problem] = problemsOf(long, { TOKEN: 'hunter2', PORT: 'x'.repeat(500) });
    expect(problem).toBe(`PORT: "${'x'.repeat(64)}…" is no port, expected a port from 1 to 65535`);
  });

  test('freezes the value, inner parts too', () => {
    const nested = schema.transform((env) => ({ listen: { port: env.PORT }, names: [env.NAME] }));
    const config = parseEnvironment(nested, { NAME: 'a' });
    expect([config, config.listen, config.names].every(Object.isFrozen)).toBe(true);
  });

  test('says problems of a transformed schema as well', () => {
    const transformed = schema.transform((env) => ({ port: env.PORT }));
    expect(problemsOf(transformed, { NAME: 'a', PORT: '0' })).toEqual([
      'PORT: "0" is out of range, expected a port from 1 to 65535',
    ]);
  });

  test('fails with CONFIG_INVALID and a head line that counts', () => {
    const error = thrownBy(() => parseEnvironment(z.object({ N: integer() }), { N: '1.5' }));
    expect(errorCodeOf(error)).toBe('CONFIG_INVALID');
    expect(messageOf(error)).toBe('1 problem in the environment\n  N: "1.5" is no integer, expected an integer');
  });
});

function problemsOf(wanted: z.ZodType, env: Record<string, string>): string[] {
  const lines = messageOf(thrownBy(() => parseEnvironment(wanted, env))).split('\n');
  return lines.slice(1).map((line) => line.trim());
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
