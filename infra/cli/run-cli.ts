import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { buildRequest, type CliRequest } from './build-request.ts';
import { findCommand } from './find-command.ts';
import { followOperation } from './follow-operation.ts';
import { helpOf, listOf, USAGE } from './help.ts';
import { type ApiDocument, commandsOf } from './operations.ts';
import { invalid, parseArguments } from './parse-arguments.ts';
import { type Colours, render, renderProblem } from './render.ts';
import type { CliAnswer, Send } from './send.ts';

export interface CliSurroundings {
  /** A way to ask with the token of a role, or with the token at hand. */
  sendAs(role: string | undefined): Send;
  readonly colours: Colours;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const SWITCHES = ['json', 'wait', 'no-wait', 'help'];

/** One command. Resolves to the exit code: 0 done, 1 refused by the API, or an operation that came to a bad end. */
export async function runCli(args: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const { colours, out, err } = surroundings;
  const { words, flags } = parseArguments(args, (name) => SWITCHES.includes(name) || name.startsWith('no-'));
  const role = flags.get('as')?.at(-1);
  const send = surroundings.sendAs(role === true ? undefined : role);
  if (words.length === 0) {
    out(USAGE);
    return 0;
  }
  const commands = commandsOf(await fetchDocument(send));
  if (words[0] === 'help') {
    out(listOf(commands, words.slice(1)));
    return 0;
  }
  if (flags.has('help')) {
    const named = commands.filter((command) => command.words.every((word, i) => words[i] === word));
    const longest = Math.max(...named.map((command) => command.words.length));
    const meant = named.filter((command) => command.words.length === longest);
    out(meant.length === 0 ? listOf(commands, words) : meant.map(helpOf).join('\n\n'));
    return 0;
  }
  const found = findCommand(commands, words);
  const request = buildRequest(found, flags);
  const answer = await send(found.command.needsIfMatch ? await withRevision(send, request) : request);
  if (answer.status >= 400) {
    err(flags.has('json') ? JSON.stringify(answer.body, null, 2) : renderProblem(answer, colours));
    return 1;
  }
  out(flags.has('json') ? JSON.stringify(answer.body ?? null, null, 2) : render(answer, colours));
  const operation = answer.status === 202 ? answer.headers.get('location') : null;
  if (operation === null || flags.has('no-wait')) return 0;
  const end = await followOperation(send, operation, { colours, tell: flags.has('json') ? err : out });
  (end.isGood ? out : err)(end.isGood ? colours.green(end.state) : colours.red(end.state));
  return end.isGood ? 0 : 1;
}

async function fetchDocument(send: Send): Promise<ApiDocument> {
  const answer = await send({ method: 'GET', path: '/openapi.json', headers: {}, body: undefined });
  if (answer.status !== 200 || typeof answer.body !== 'object' || answer.body === null || !('paths' in answer.body)) {
    throw new ProxywatchError('SERVICE_REFUSED', `there is no API: /openapi.json answers ${answer.status}`);
  }
  return answer.body as ApiDocument;
}

/** Whoever gives no revision means the newest one: it is asked for, and a change in between is still noticed. */
async function withRevision(send: Send, request: CliRequest): Promise<CliRequest> {
  if ('if-match' in request.headers) return request;
  const [path = ''] = request.path.split('?');
  const current: CliAnswer = await send({ method: 'GET', path, headers: {}, body: undefined });
  const etag = current.headers.get('etag');
  if (current.status === 200 && etag === null) throw invalid(`${path} has no revision to match: give --if-match`);
  return etag === null ? request : { ...request, headers: { ...request.headers, 'if-match': etag } };
}
