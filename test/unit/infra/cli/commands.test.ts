import { describe, expect, test } from '@jest/globals';
import { buildRequest } from '../../../../infra/cli/build-request.ts';
import { findCommand, usageOf } from '../../../../infra/cli/find-command.ts';
import { commandsOf } from '../../../../infra/cli/operations.ts';
import { parseArguments } from '../../../../infra/cli/parse-arguments.ts';
import { DOCUMENT } from './document.ts';

const COMMANDS = commandsOf(DOCUMENT);

function requestOf(...args: readonly string[]) {
  const { words, flags } = parseArguments(args, (name) => name === 'json' || name.startsWith('no-'));
  return buildRequest(findCommand(COMMANDS, words), flags);
}

describe('commands', () => {
  test('are the words of the paths, with a verb where a path has none', () => {
    expect(COMMANDS.map(usageOf)).toEqual([
      'accounts',
      'accounts <id>',
      'accounts create',
      'accounts delete <id>',
      'accounts rotate-password <id>',
      'namespaces revisions <id> <revision>',
      'namespaces revisions <id>',
      'plans apply <id>',
    ]);
  });

  test.each([
    [['accounts'], 'listAccounts', {}],
    [['accounts', 'list'], 'listAccounts', {}],
    [['accounts', '7'], 'getAccount', { id: '7' }],
    [['accounts', 'get', '7'], 'getAccount', { id: '7' }],
    [['accounts', 'delete', '7'], 'deleteAccount', { id: '7' }],
    [['accounts', '7', 'rotate-password'], 'rotateAccountPassword', { id: '7' }],
    [['accounts', 'rotate-password', '7'], 'rotateAccountPassword', { id: '7' }],
    [['namespaces', 'shop', 'revisions', '3'], 'getNamespaceRevision', { id: 'shop', revision: '3' }],
    [['namespaces', 'revisions', 'shop'], 'listNamespaceRevisions', { id: 'shop' }],
    [['rotateAccountPassword', '7'], 'rotateAccountPassword', { id: '7' }],
    [['plans', 'apply', 'p1'], 'applyPlan', { id: 'p1' }],
  ])('%j is %s', (words, operationId, args) => {
    const found = findCommand(COMMANDS, words);
    expect([found.command.operationId, found.args]).toEqual([operationId, args]);
  });

  test('that there are none are answered with what comes near', () => {
    expect(() => findCommand(COMMANDS, ['accounts', 'renew', '7'])).toThrow('accounts rotate-password <id>');
    expect(() => findCommand(COMMANDS, ['nothing'])).toThrow('npm run cli -- help');
  });
});

describe('a request', () => {
  test('has filters and paging by their short names', () => {
    const { path } = requestOf('accounts', '--namespace', 'shop', '--updated-at.lt=2026-01-01', '--limit', '5');
    expect(decodeURIComponent(path)).toBe(
      '/v1/accounts?filter[namespace]=shop&filter[updatedAt][lt]=2026-01-01&limit=5',
    );
  });

  test('has a body of the types that the schema asks for', () => {
    const { body, headers } = requestOf(
      ...['accounts', 'create', '--username', 'app', '--password', '0123', '--max-connections', '50', '--no-active'],
      ...[
        '--allowed-ips',
        '10.0.0.1,10.1.0.0/16',
        '--default-schema',
        'null',
        '--slices',
        '[{"name":"a"}]',
        '--access=ro',
      ],
      ...['--reason', 'new service'],
    );
    expect(JSON.parse(body ?? '')).toEqual({
      username: 'app',
      password: '0123',
      maxConnections: 50,
      active: false,
      allowedIps: ['10.0.0.1', '10.1.0.0/16'],
      defaultSchema: null,
      slices: [{ name: 'a' }],
      access: 'ro',
    });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-reason': 'new service' });
    expect(headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('leaves what may be a text a text', () => {
    expect(JSON.parse(requestOf('accounts', 'create', '--value', '007').body ?? '')).toEqual({ value: '007' });
  });

  test('leaves what is no number for the API to refuse', () => {
    const { body } = requestOf('accounts', 'create', '--max-connections', 'many');
    expect(JSON.parse(body ?? '')).toEqual({ maxConnections: 'many' });
  });

  test('takes a whole body too, flags before it', () => {
    const { body } = requestOf('accounts', 'create', '-d', '{"username":"a","comment":"x"}', '--username', 'b');
    expect(JSON.parse(body ?? '')).toEqual({ username: 'b', comment: 'x' });
  });

  test('encodes what stands in its path', () => {
    expect(requestOf('accounts', 'a/b ?').path).toBe('/v1/accounts/a%2Fb%20%3F');
  });

  test.each([
    [['accounts', '--colour', 'red'], 'has no option --colour'],
    [['accounts', '--data', '{}'], 'takes no data'],
    [['accounts', 'create', '--data', '[]'], 'no JSON object'],
    [['accounts', 'create', '--username'], '--username has no value'],
    [['accounts', '-x'], 'is no option'],
  ])('%j is refused', (args, problem) => {
    expect(() => requestOf(...args)).toThrow(problem);
  });
});
