import { parseArgs } from 'node:util';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { COLLECTORS, type CollectorName } from '@proxywatch/core/domain/scan/collectors';

export const USAGE = `usage: npm run scan [-- <options>]
  (none)               one round: all collectors of all proxies of the registry
  --proxy <id>         this proxy only; several times for several
  --collector <name>   this collector only; several times for several
                       ${COLLECTORS.join(', ')}
  --replay <file>      run the requests in a file of dead letters again
  --help               print this`;

export type ScanCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'replay'; readonly file: string }
  /** No proxies: all of them. */
  | { readonly kind: 'round'; readonly proxies: readonly string[]; readonly collectors: readonly CollectorName[] };

/** The command of a command line. Throws CONFIG_INVALID with what is wrong and the usage. */
export function parseCommand(args: readonly string[]): ScanCommand {
  const { proxy = [], collector = [], replay = [], help } = optionsOf(args);
  if (help) return { kind: 'help' };
  const [file, ...more] = replay;
  if (file !== undefined) {
    if (more.length > 0) throw wrong('--replay takes one file');
    if (proxy.length + collector.length > 0) throw wrong('--replay stands alone: its requests say what to collect');
    return { kind: 'replay', file };
  }
  return { kind: 'round', proxies: [...new Set(proxy)], collectors: collectorsOf(collector) };
}

function optionsOf(args: readonly string[]) {
  const text = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { proxy: text, collector: text, replay: text, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    throw wrong(messageOf(error).split('\n', 1)[0] ?? '');
  }
}

/** In the order of the list of all. */
function collectorsOf(names: readonly string[]): readonly CollectorName[] {
  const unknown = names.find((name) => !COLLECTORS.some((known) => known === name));
  if (unknown !== undefined) throw wrong(`there is no collector ${JSON.stringify(unknown)}`);
  return names.length === 0 ? COLLECTORS : COLLECTORS.filter((name) => names.includes(name));
}

function wrong(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `${problem}\n${USAGE}`);
}
