import type { ProxyStatus } from '../../domain/proxy-status.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import type { Query, Row } from './cells.ts';
import { rowsByPart } from './parts.ts';
import { BACKENDS_LIMIT, ERRORS_LIMIT, type StatusPart, statusStatement, USERS_LIMIT } from './statements.ts';
import { parseBackend, parseCommand, parseError, parseGlobalStatus, parseUser } from './status-answer.ts';

/** All that the proxy can tell of itself, in one small statement. */
export async function fetchStatus(query: Query, capabilities: ProxyCapabilities): Promise<ProxyStatus> {
  const rows = rowsByPart(await query(statusStatement(partsOf(capabilities))), PARTS, 'status');
  const truncated: ('backends' | 'errors' | 'users')[] = [];

  // The statement asks for one row more than the limit, so that a full table and a cut one can be told apart.
  function cut<T>(name: 'backends' | 'errors' | 'users', parse: (row: Row) => T, limit: number): T[] {
    if (rows[name].length > limit) truncated.push(name);
    return rows[name].slice(0, limit).map(parse);
  }

  return {
    version: capabilities.version,
    ...parseGlobalStatus(rows.global),
    backends: cut('backends', parseBackend, BACKENDS_LIMIT),
    commands: rows.commands.map(parseCommand),
    errors: cut('errors', parseError, ERRORS_LIMIT),
    users: cut('users', parseUser, USERS_LIMIT),
    ...(truncated.length > 0 && { truncated }),
  };
}

function partsOf({ backends, commandCounters, errors, users }: ProxyCapabilities): readonly StatusPart[] {
  const offered: Record<StatusPart, boolean> = { global: true, backends, commands: commandCounters, errors, users };
  return PARTS.filter((part) => offered[part]);
}

const PARTS: readonly StatusPart[] = ['global', 'backends', 'commands', 'errors', 'users'];
