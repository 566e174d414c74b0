import { kebabOf } from './build-request.ts';
import { usageOf } from './find-command.ts';
import type { Command } from './operations.ts';

export const USAGE = `usage: npm run cli -- <command> [arguments] [--option value …]
  help [words]         all commands, or those that begin with the words
  <command> --help     what a command takes
  --json               the answer as the API gives it
  --as <role>          with the token of viewer, operator or admin of the local run; admin by default
  --data '{…}'         a body as JSON; @file reads it from a file, - from standard input
  --reason <text>      for the audit
  --if-match <etag>    for update and delete; without it the newest revision is asked for first
  --wait, --no-wait    follow an operation to its end, or not; it is followed by default
A text such as a password can be read from a file (--password @file) or standard input (--password -).`;

export function listOf(commands: readonly Command[], words: readonly string[]): string {
  const chosen = commands.filter((command) => words.every((word, i) => command.words[i] === word));
  const width = Math.max(0, ...chosen.map((command) => usageOf(command).length));
  const lines = chosen.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`);
  return `${USAGE}\n\n${lines.length === 0 ? `no command begins with ${JSON.stringify(words.join(' '))}` : lines.join('\n')}`;
}

/** What one command takes. */
export function helpOf(command: Command): string {
  const query = optionsOf(command);
  const body = Object.entries(command.body ?? {}).map(([name, { description = '', enum: values }]) => {
    const required = command.requiredBody.includes(name) ? 'required' : '';
    const choices = values === undefined ? '' : values.join(' | ');
    return { flag: kebabOf(name), description: [required, choices, description].filter(Boolean).join('; ') };
  });
  const options = [...query, ...body];
  const width = Math.max(0, ...options.map(({ flag }) => flag.length));
  return [
    `${usageOf(command)}   ${command.summary}`,
    `  ${command.method} ${command.path} (${command.operationId})`,
    ...options.map(({ flag, description }) => `  --${flag.padEnd(width)}  ${description}`.trimEnd()),
  ].join('\n');
}

/** Query parameters; a filter and its operators are one: `--username[.ne|.in]`. */
function optionsOf({ query }: Command): readonly { readonly flag: string; readonly description: string }[] {
  const options = new Map<string, { readonly operators: string[]; readonly description: string }>();
  for (const { name, description = '' } of query) {
    const [, field, operator] = /^filter\[(\w+)\](?:\[(\w+)\])?$/.exec(name) ?? [];
    const flag = kebabOf(field ?? name);
    const option = options.get(flag) ?? { operators: [], description };
    if (operator !== undefined && operator !== 'eq') option.operators.push(`.${operator}`);
    options.set(flag, option);
  }
  return [...options].map(([flag, { operators, description }]) => ({
    flag: operators.length === 0 ? flag : `${flag}[${operators.join('|')}]`,
    description,
  }));
}
