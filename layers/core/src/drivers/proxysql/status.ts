import type { ProxyStatus } from '../../domain/proxy-status.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import { malformed, type Query, type Row, textOf } from './cells.ts';
import { BACKENDS_LIMIT, ERRORS_LIMIT, type StatusPart, statusStatement, USERS_LIMIT } from './statements.ts';
import { parseBackend, parseCommand, parseError, parseGlobalStatus, parseUser } from './status-answer.ts';

/** All that the proxy can tell of itself, in one small statement. */
export async function fetchStatus(query: Query, capabilities: ProxyCapabilities): Promise<ProxyStatus> {
  const rows = rowsByPart(await query(statusStatement(partsOf(capabilities))));
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

/** Rows of each part without its name; those of a part that was not asked for are none. */
function rowsByPart(answer: readonly Row[]): Record<StatusPart, Row[]> {
  const rows: Record<StatusPart, Row[]> = { global: [], backends: [], commands: [], errors: [], users: [] };
  for (const row of answer) {
    const name = textOf(row, 0);
    const part = PARTS.find((candidate) => candidate === name);
    if (part === undefined) throw malformed(`a row of the status is of ${JSON.stringify(name.slice(0, 80))}`);
    rows[part].push(row.slice(1));
  }
  return rows;
}

const PARTS: readonly StatusPart[] = ['global', 'backends', 'commands', 'errors', 'users'];
