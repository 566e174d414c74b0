import { VARIABLE_RULES } from '../layers/variable-rules.ts';
import { ok, type Reply } from '../wire/reply.ts';
import type { Command } from './command.ts';

const cell = (column: string, value: string): Reply => ({ kind: 'rows', columns: [column], rows: [[value]] });
const account = (column: string, pattern: RegExp): Command => ({
  pattern,
  roles: 'all',
  run: (_match, _context, { user, address }) => cell(column, `${user}@${address}`),
});

/** Questions that MySQL clients ask of any server, with the answers of a recorded ProxySQL. */
export const SELECT_COMMANDS: readonly Command[] = [
  {
    pattern: /^SELECT @@version_comment(?: LIMIT 1)?$/i,
    roles: 'all',
    run: () => cell("'(ProxySQL Admin Module)'", '(ProxySQL Admin Module)'),
  },
  {
    // Only the beginning counts: `SELECT @@version, version()` answers one column.
    pattern: /^SELECT @@version\b/i,
    roles: 'all',
    run: (_match, { version }) => cell('@@version', version),
  },
  { pattern: /^SELECT version\(\)$/i, roles: 'all', run: (_match, { version }) => cell('version()', version) },
  {
    pattern: /^SELECT DATABASE\(\)$/i,
    roles: 'all',
    run: (_match, _context, { role }) => cell('DATABASE()', role),
  },
  account('user()', /^SELECT USER\(\)$/i),
  account('current_user()', /^SELECT CURRENT_USER\(\)$/i),
  {
    pattern: /^SELECT @@((?:mysql|admin)-\w+)$/i,
    roles: 'admin',
    run([, name = ''], context, client, { sql }) {
      if (!VARIABLE_RULES.has(name)) return context.query(sql, client);
      const value = `SELECT variable_value AS "@@${name}" FROM global_variables WHERE variable_name = '${name}'`;
      return context.query(value, client);
    },
  },
  // No transaction and no schema of its own: accepted, and without effect.
  { pattern: /^(?:BEGIN|COMMIT|ROLLBACK|START TRANSACTION|USE \S+)$/i, roles: 'all', run: () => ok() },
];
