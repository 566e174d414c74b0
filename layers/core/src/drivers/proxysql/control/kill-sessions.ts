import { errorCodeOf, messageOf } from '../../../domain/errors.ts';
import { type Command, malformed, type Query, readCount } from '../cells.ts';
import { fieldLiteral } from './field-text.ts';

const SESSIONS_AT_ONCE = 1_000;
// Whoever reconnects at once is met again; a client that never gives up is not chased for ever.
const MAX_ROUNDS = 20;

/** Ends the sessions of a user, those that come in the meantime too, and answers how many: at most 20,000. */
export async function killSessions(query: Query, command: Command, username: string): Promise<number> {
  const met = new Set<number>();
  let killed = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const fresh = (await sessionsOf(query, username, met)).filter((id) => !met.has(id));
    if (fresh.length === 0) break;
    for (const id of fresh) {
      met.add(id);
      if (await kill(command, id)) killed++;
    }
  }
  return killed;
}

/** Sessions that were met stay listed until their thread has looked at them; they must not fill the list. */
async function sessionsOf(query: Query, username: string, met: ReadonlySet<number>): Promise<readonly number[]> {
  const limit = SESSIONS_AT_ONCE + met.size;
  const rows = await query(
    `SELECT SessionID FROM stats_mysql_processlist WHERE user=${fieldLiteral(username)} LIMIT ${limit}`,
  );
  return rows.map(([cell]) => {
    const id = cell ? readCount(cell, 0, cell.length) : -1;
    if (id < 0) throw malformed('a session has no number');
    return id;
  });
}

async function kill(command: Command, id: number): Promise<boolean> {
  try {
    await command(`KILL CONNECTION ${id}`);
    return true;
  } catch (error) {
    const isGone = errorCodeOf(error) === 'PROXY_STATEMENT' && /unknown thread id/i.test(messageOf(error));
    if (!isGone) throw error;
    return false;
  }
}
