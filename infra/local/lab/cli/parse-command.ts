import { ProxywatchError } from '@proxywatch/core/domain/errors';

export const USAGE = `usage: npm run lab -- <command>
  pause          stop the traffic; returns once nothing is in flight
  resume         go on with the traffic
  status         what the traffic does, as JSON
  restart <n>    kill the n-th lab proxy and wait until it is back
  reset <n>      empty the digest table of the n-th lab proxy, as any operator could`;

export type LabCommand =
  | { readonly kind: 'pause' | 'resume' | 'status' }
  | { readonly kind: 'restart' | 'reset'; readonly lab: number };

/** The command of a command line, where there are `labs` lab proxies. Throws CONFIG_INVALID with what is wrong and the usage. */
export function parseCommand(args: readonly string[], labs: number): LabCommand {
  const [kind, number, ...rest] = args;
  if (rest.length > 0) throw wrong('too many arguments');
  switch (kind) {
    case undefined:
      throw wrong('no command');
    case 'pause':
    case 'resume':
    case 'status':
      if (number !== undefined) throw wrong(`${kind} takes no argument`);
      return { kind };
    case 'restart':
    case 'reset':
      if (!/^[1-9]\d*$/.test(number ?? '') || Number(number) > labs) {
        throw wrong(`${kind} takes the number of a lab proxy, from 1 to ${labs}`);
      }
      return { kind, lab: Number(number) };
    default:
      throw wrong(`unknown command ${JSON.stringify(kind)}`);
  }
}

function wrong(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `${problem}\n${USAGE}`);
}
