import type { ProxyStatus } from '../../domain/proxy-status.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import type { Query, Row } from './cells.ts';
import {
  BACKENDS,
  BACKENDS_LIMIT,
  COMMANDS,
  ERRORS,
  ERRORS_LIMIT,
  GLOBAL_STATUS,
  USERS,
  USERS_LIMIT,
} from './statements.ts';
import { parseBackend, parseCommand, parseError, parseGlobalStatus, parseUser } from './status-answer.ts';

/** Small statements one after another: the proxy serves one at a time anyway, and others get in between. */
export async function fetchStatus(query: Query, capabilities: ProxyCapabilities): Promise<ProxyStatus> {
  const truncated: ('backends' | 'errors' | 'users')[] = [];

  async function part<T>(offered: boolean, statement: string, parse: (row: Row) => T): Promise<T[]> {
    return offered ? (await query(statement)).map(parse) : [];
  }
  // The statement asks for one row more than the limit, so that a full table and a cut one can be told apart.
  function cut<T>(name: 'backends' | 'errors' | 'users', rows: T[], limit: number): T[] {
    if (rows.length <= limit) return rows;
    truncated.push(name);
    return rows.slice(0, limit);
  }

  const global = parseGlobalStatus(await query(GLOBAL_STATUS));
  const backends = await part(capabilities.backends, BACKENDS, parseBackend);
  const commands = await part(capabilities.commandCounters, COMMANDS, parseCommand);
  const errors = await part(capabilities.errors, ERRORS, parseError);
  const users = await part(capabilities.users, USERS, parseUser);
  return {
    version: capabilities.version,
    ...global,
    backends: cut('backends', backends, BACKENDS_LIMIT),
    commands,
    errors: cut('errors', errors, ERRORS_LIMIT),
    users: cut('users', users, USERS_LIMIT),
    ...(truncated.length > 0 && { truncated }),
  };
}
