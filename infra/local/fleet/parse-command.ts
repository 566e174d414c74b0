import { ProxywatchError } from '@proxywatch/core/domain/errors';

export const USAGE = `usage: npm run fleet -- <command>
  status               members, slots, and who owns which proxy
  drain <slot>         empty a slot: its proxies move to the others, and it gets no new ones
  undrain <slot>       let it be used again
  pin <proxy> <slot>   keep a proxy at a slot
  unpin <proxy>        let it move again`;

export type FleetCommand =
  | { readonly kind: 'status' }
  | { readonly kind: 'drain' | 'undrain'; readonly slot: string }
  | { readonly kind: 'pin'; readonly proxyId: string; readonly slot: string }
  | { readonly kind: 'unpin'; readonly proxyId: string };

/** The command of a command line. Throws CONFIG_INVALID with what is wrong and the usage. */
export function parseCommand(args: readonly string[]): FleetCommand {
  const [kind, first, second] = args;
  switch (kind) {
    case undefined:
      throw wrong('no command');
    case 'status':
      expectArguments(args, 0, 'status takes no argument');
      return { kind };
    case 'drain':
    case 'undrain':
      expectArguments(args, 1, `${kind} takes a slot`);
      return { kind, slot: slotNamed(first) };
    case 'pin':
      expectArguments(args, 2, 'pin takes a proxy and a slot');
      return { kind, proxyId: first ?? '', slot: slotNamed(second) };
    case 'unpin':
      expectArguments(args, 1, 'unpin takes a proxy');
      return { kind, proxyId: first ?? '' };
    default:
      throw wrong(`unknown command ${JSON.stringify(kind)}`);
  }
}

function expectArguments(args: readonly string[], count: number, problem: string): void {
  if (args.length !== count + 1) throw wrong(problem);
}

function slotNamed(text = ''): string {
  if (!/^slot-[1-9]\d{0,2}$/.test(text)) throw wrong(`${JSON.stringify(text)} is no slot, such as slot-1`);
  return text;
}

function wrong(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `${problem}\n${USAGE}`);
}
