import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Command } from './operations.ts';

export interface FoundCommand {
  readonly command: Command;
  /** Values of the path's parameters, by name. */
  readonly args: Readonly<Record<string, string>>;
}

/** Verbs that may be said and need not. */
const SILENT_VERBS = ['list', 'get', 'show'];

/**
 * The command that the words ask for; what is no word of it is the value of a parameter, in order. Several may fit, such as
 * a list and one of its items: the one with just as many parameters is meant, and of those the one with most words. An
 * operation's id is a word for it too.
 */
export function findCommand(commands: readonly Command[], typed: readonly string[]): FoundCommand {
  const fitting = commands
    .flatMap((command) => matchesOf(command, typed))
    .toSorted((a, b) => b.command.words.length - a.command.words.length);
  const [best] = fitting;
  if (best !== undefined) return best;
  throw new ProxywatchError('CONFIG_INVALID', notFound(commands, typed));
}

function matchesOf(command: Command, typed: readonly string[]): readonly FoundCommand[] {
  const [first, ...others] = typed;
  const rest = first === command.operationId ? others : restOf(command, typed);
  if (rest === undefined || rest.length !== command.args.length) return [];
  return [{ command, args: Object.fromEntries(command.args.map((name, i) => [name, rest[i] ?? ''])) }];
}

/** What is left of the typed words without the command's own, which come in their order. */
function restOf(command: Command, typed: readonly string[]): readonly string[] | undefined {
  const words = [...command.words];
  const rest: string[] = [];
  for (const [i, word] of typed.entries()) {
    if (word === words[0]) words.shift();
    else if (i === 0) return undefined;
    else if (!(command.method === 'GET' && SILENT_VERBS.includes(word) && words.length === 0 && rest.length === 0)) {
      rest.push(word);
    }
  }
  return words.length === 0 ? rest : undefined;
}

function notFound(commands: readonly Command[], typed: readonly string[]): string {
  const near = commands.filter(({ words, operationId }) => words[0] === typed[0] || operationId === typed[0]);
  const list = near.map((command) => `  ${usageOf(command)}`).join('\n');
  const hint = list === '' ? 'npm run cli -- help lists all commands' : `did you mean one of these?\n${list}`;
  return `there is no command ${JSON.stringify(typed.join(' '))}; ${hint}`;
}

/** `accounts rotate-password <id>` */
export function usageOf({ words, args }: Pick<Command, 'words' | 'args'>): string {
  return [...words, ...args.map((name) => `<${name}>`)].join(' ');
}
