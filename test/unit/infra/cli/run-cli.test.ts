import { describe, expect, test } from '@jest/globals';
import type { CliRequest } from '../../../../infra/cli/build-request.ts';
import { coloursOf } from '../../../../infra/cli/render.ts';
import { runCli } from '../../../../infra/cli/run-cli.ts';
import type { CliAnswer } from '../../../../infra/cli/send.ts';
import { DOCUMENT } from './document.ts';

function answer(status: number, body?: unknown, headers: Record<string, string> = {}): CliAnswer {
  return { status, body, headers: new Headers(headers) };
}

async function run(args: readonly string[], reply: (request: CliRequest) => CliAnswer) {
  const sent: CliRequest[] = [];
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    sendAs: () => async (request) => {
      if (request.path === '/openapi.json') return answer(200, DOCUMENT);
      sent.push(request);
      return reply(request);
    },
    colours: coloursOf(false),
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, sent, out: out.join('\n'), err: err.join('\n') };
}

describe('the command line', () => {
  test('shows a list as a table, with what else came of it', async () => {
    const items = [
      { username: 'app', id: '1', maxConnections: 50, allowedIps: ['10.0.0.1', '::1'], hidden: { a: 1 } },
      { username: 'report', id: '22', maxConnections: 5, allowedIps: [], hidden: { a: 1 } },
    ];
    const { out, code } = await run(['accounts'], () => answer(200, { items, nextCursor: 'abc' }));
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'ID  USERNAME  MAX CONNECTIONS  ALLOWED IPS',
        '1   app                    50  10.0.0.1, ::1',
        '22  report                  5',
        '',
        'nextCursor  abc',
      ].join('\n'),
    );
  });

  test('asks for the revision before it deletes', async () => {
    const { sent, code, out } = await run(['accounts', 'delete', '7'], ({ method }) =>
      method === 'GET' ? answer(200, {}, { etag: '"3"' }) : answer(204),
    );
    expect(sent.map(({ method, headers }) => [method, headers['if-match']])).toEqual([
      ['GET', undefined],
      ['DELETE', '"3"'],
    ]);
    expect([code, out]).toEqual([0, 'done (204)']);
  });

  test('tells every problem of a refusal, and where it is', async () => {
    const { code, err } = await run(['accounts', 'create', '--username', ''], () =>
      answer(400, {
        title: 'Bad Request',
        status: 400,
        code: 'REQUEST_INVALID',
        detail: 'two fields are wrong',
        requestId: 'r1',
        errors: [{ pointer: '/username', message: 'empty' }],
      }),
    );
    expect(code).toBe(1);
    expect(err).toBe('400 Bad Request (REQUEST_INVALID)\n  two fields are wrong\n  /username: empty\n  request r1');
  });

  test('follows an operation to its end, telling each event once', async () => {
    const events = [
      { id: 1, at: '2026-01-01T10:00:00.000Z', group: 'lab-1', severity: 'info', message: 'guard passed' },
      { id: 2, at: '2026-01-01T10:00:01.000Z', group: null, severity: 'error', message: 'refused' },
    ];
    let polls = 0;
    const { code, out, err } = await run(['plans', 'apply', 'p'], ({ method }) => {
      if (method === 'POST') return answer(202, { id: 'o' }, { location: '/v1/operations/o' });
      polls += 1;
      const state = polls < 3 ? 'running' : 'failed';
      return answer(200, { state, events: events.slice(0, polls) });
    });
    expect(code).toBe(1);
    expect(out.match(/guard passed/g)).toHaveLength(1);
    expect(out).toContain('10:00:01                refused');
    expect(err).toBe('failed');
  });

  test('lists commands, and what one takes', async () => {
    const none = () => answer(500);
    expect((await run(['help', 'accounts'], none)).out).toContain('accounts rotate-password <id>');
    const { out } = await run(['accounts', 'create', '--help'], none);
    expect(out).toContain('POST /v1/accounts (createAccount)');
    expect(out).toMatch(/--username +required/);
    expect(out).toMatch(/--access +rw \| ro/);
  });
});
