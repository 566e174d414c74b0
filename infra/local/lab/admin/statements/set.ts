import { VARIABLE_RULES } from '../layers/variable-rules.ts';
import { runSql } from '../storage/sql.ts';
import { ok, statementError } from '../wire/reply.ts';
import type { Command } from './command.ts';
import { unquoted } from './statement-text.ts';

/** SET changes memory; what runtime makes of it shows at LOAD. */
export const SET_COMMANDS: readonly Command[] = [
  // What connectors send on connecting.
  { pattern: /^SET (?:NAMES|CHARACTER SET|autocommit|SQL_\w+)\b/i, roles: 'all', run: () => ok() },
  {
    pattern: /^SET [^\s=]+ ?=/i,
    roles: 'all',
    run(_match, { databases, layers }, { role }, { sql }) {
      const [, name = '', value = ''] = /^SET\s+([^\s=]+)\s*=\s*([\s\S]*)$/i.exec(sql) ?? [];
      const mayWrite = layers.variable('admin-read_only') !== 'true' || name === 'admin-read_only';
      if (role === 'stats' || !mayWrite) return statementError('attempt to write a readonly database');
      if (!VARIABLE_RULES.has(name)) return ok(0, `ERROR: Unknown global variable: '${name}'.`);
      const update = 'UPDATE main.global_variables SET variable_value = ? WHERE variable_name = ?';
      return ok(runSql(databases.admin, update, unquoted(value), name).changes);
    },
  },
];
