import { EVERY_NAMESPACE, ROLES, type Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

export const USAGE = `usage: npm run token -- --role <${ROLES.join('|')}> [--namespace <name>] [--sub <who>] [--hours <1-720>]
  --role        what the token may do
  --namespace   where; without it everywhere
  --sub         whose token it is, for the audit; by default local-<role>
  --hours       how long it is valid; 12 by default. Tokens end with the run in any case: its keys do`;

export interface TokenCommand {
  readonly role: Role;
  readonly namespace: string;
  readonly sub: string;
  readonly lifetimeS: number;
}

const OPTIONS = ['--role', '--namespace', '--sub', '--hours'];
const MAX_HOURS = 720;

/** The command of a command line. Throws CONFIG_INVALID with what is wrong and the usage. */
export function parseCommand(args: readonly string[]): TokenCommand {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i += 2) {
    const [name = '', value] = [args[i], args[i + 1]];
    if (!OPTIONS.includes(name)) throw wrong(`unknown option ${JSON.stringify(name)}`);
    if (value === undefined || value === '') throw wrong(`${name} has no value`);
    if (given.has(name)) throw wrong(`${name} stands twice`);
    given.set(name, value);
  }
  const role = ROLES.find((candidate) => candidate === given.get('--role'));
  if (role === undefined) throw wrong(`--role is one of ${ROLES.join(', ')}`);
  const hours = Number(given.get('--hours') ?? '12');
  if (!(hours > 0 && hours <= MAX_HOURS)) throw wrong(`--hours is a number up to ${MAX_HOURS}`);
  return {
    role,
    namespace: given.get('--namespace') ?? EVERY_NAMESPACE,
    sub: given.get('--sub') ?? `local-${role}`,
    lifetimeS: Math.max(1, Math.round(hours * 3_600)),
  };
}

function wrong(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `${problem}\n${USAGE}`);
}
