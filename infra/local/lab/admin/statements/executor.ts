import { isNativeError } from 'node:util/types';
import { runSql } from '../storage/sql.ts';
import { ok, type Reply, statementError, syntaxErrorNear } from '../wire/reply.ts';
import type { AdminContext, Client, Command } from './command.ts';
import { createControlCommands } from './control.ts';
import { LOAD_SAVE_COMMANDS } from './load-save.ts';
import { SELECT_COMMANDS } from './select.ts';
import { SET_COMMANDS } from './set.ts';
import { SHOW_COMMANDS } from './show.ts';
import { isDeadly, parseStatement } from './statement-text.ts';

/** What SQLite may run; ATTACH, VACUUM, savepoints and the other pragmas never come from a client of ProxySQL. */
const SQLITE_WORDS = /^(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|VALUES|EXPLAIN|CREATE|DROP|ALTER)$/i;
const READ_ONLY_PRAGMA = /^PRAGMA (?:database_list|table_info ?\(\w+\))$/i;

export type Execute = (text: string, client: Client) => Reply | Promise<Reply>;

/** Answers one statement: a command of ProxySQL, SQL for SQLite, or the error that says what it does not know. */
export function createExecutor(parts: Omit<AdminContext, 'query'>): Execute {
  const commands: readonly Command[] = [
    ...SELECT_COMMANDS,
    ...SHOW_COMMANDS,
    ...LOAD_SAVE_COMMANDS,
    ...SET_COMMANDS,
    ...createControlCommands(),
  ];
  const context: AdminContext = {
    ...parts,
    query(sql, client) {
      context.refresh(sql);
      return runAs(context, sql, client);
    },
  };

  return (text, client) => {
    if (isDeadly(text)) return { kind: 'hangUp', reason: 'a lone ; is what ended a recorded ProxySQL with signal 11' };
    if (text.trim() === '') return statementError('not an error');
    const statement = parseStatement(text);
    context.refresh(text);
    for (const command of commands) {
      if (command.roles === 'admin' && client.role !== 'admin') continue;
      const match = command.pattern.exec(statement.folded);
      if (match !== null) return command.run(match, context, client, statement);
    }
    if (!SQLITE_WORDS.test(statement.firstToken) && !READ_ONLY_PRAGMA.test(statement.folded)) {
      return syntaxErrorNear(statement.firstToken);
    }
    return runAs(context, statement.sql, client);
  };
}

function runAs({ databases, layers }: AdminContext, sql: string, { role }: Client): Reply {
  const db = role === 'admin' ? databases.admin : databases.stats;
  const readOnly = role === 'admin' && layers.variable('admin-read_only') === 'true';
  try {
    if (readOnly) db.exec('PRAGMA query_only = ON');
    const { columns, rows, changes } = runSql(db, sql);
    return columns.length > 0 ? { kind: 'rows', columns, rows } : ok(changes);
  } catch (error) {
    // Not instanceof: under a test runner SQLite's errors are of another realm.
    if (!isNativeError(error)) throw error;
    return statementError(error.message);
  } finally {
    if (readOnly) db.exec('PRAGMA query_only = OFF');
  }
}
