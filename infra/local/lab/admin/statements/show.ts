import { findTable, type SchemaName } from '../storage/schema.ts';
import { type Reply, statementError } from '../wire/reply.ts';
import type { Client, Command } from './command.ts';
import { quoted, unquoted } from './statement-text.ts';

const variablesLike = (prefix: string): string => `WHERE variable_name LIKE '${prefix}%' ORDER BY variable_name`;
const SELECT_VARIABLES = 'SELECT variable_name AS Variable_name, variable_value AS Value FROM global_variables';

/** Commands that stand for a SELECT. */
const ALIASES: readonly (readonly [RegExp, (match: readonly string[]) => string])[] = [
  [/^SHOW (?:DATABASES|SCHEMAS)$/i, () => 'PRAGMA database_list'],
  [
    /^SHOW PROCESSLIST$/i,
    () => 'SELECT SessionID, user, db, hostgroup, command, time_ms, info FROM stats_mysql_processlist',
  ],
  [/^SHOW FULL PROCESSLIST$/i, () => 'SELECT * FROM stats_mysql_processlist'],
  [/^SHOW MYSQL USERS$/i, () => 'SELECT * FROM mysql_users ORDER BY username, active DESC'],
  [/^SHOW MYSQL SERVERS$/i, () => 'SELECT * FROM mysql_servers ORDER BY hostgroup_id, hostname, port'],
  [
    /^SHOW MYSQL STATUS$/i,
    () =>
      'SELECT Variable_Name AS Variable_name, Variable_Value AS Value FROM stats_mysql_global ORDER BY Variable_Name',
  ],
  [/^SHOW (?:ALL )?VARIABLES$/i, () => `${SELECT_VARIABLES} ORDER BY variable_name`],
  [
    /^SHOW VARIABLES LIKE (\S+)$/i,
    ([, like = '']) => `${SELECT_VARIABLES} WHERE variable_name LIKE ${quoted(unquoted(like))}`,
  ],
  [/^SHOW MYSQL VARIABLES$/i, () => `${SELECT_VARIABLES} ${variablesLike('mysql-')}`],
  [/^SHOW ADMIN VARIABLES$/i, () => `${SELECT_VARIABLES} ${variablesLike('admin-')}`],
];

export const SHOW_COMMANDS: readonly Command[] = [
  {
    pattern: /^SHOW PROMETHEUS METRICS$/i,
    roles: 'all',
    run: (_match, context) => ({ kind: 'rows', columns: ['Data'], rows: [[context.stats()?.metrics?.() ?? null]] }),
  },
  ...ALIASES.map(
    ([pattern, sql]): Command => ({
      pattern,
      roles: 'all',
      run: (match, context, client) => context.query(sql(match), client),
    }),
  ),
  {
    pattern: /^SHOW TABLES(?: (?:FROM|IN) (\w+))?(?: LIKE (\S+))?$/i,
    roles: 'all',
    run([, schema, like = "'%'"], context, client) {
      const from = schema?.toLowerCase() ?? 'main';
      const where = `type = 'table' AND name NOT LIKE 'sqlite%' AND name LIKE ${quoted(unquoted(like))}`;
      return context.query(`SELECT name AS tables FROM ${from}.sqlite_master WHERE ${where} ORDER BY name`, client);
    },
  },
  {
    pattern: /^SHOW CREATE TABLE (?:(\w+)\.)?(\w+)$/i,
    roles: 'all',
    run: ([, schema, table = ''], _context, client) => showCreate(schema?.toLowerCase(), table.toLowerCase(), client),
  },
];

function showCreate(schema: string | undefined, table: string, client: Client): Reply {
  const found = schemasOf(schema, client)
    .map((name) => findTable(name, table))
    .find((definition) => definition !== undefined);
  if (found === undefined) return statementError(`no such table: ${schema === undefined ? '' : `${schema}.`}${table}`);
  return { kind: 'rows', columns: ['table', 'Create Table'], rows: [[found.name, found.sql]] };
}

/** Where a name is looked for, in SQLite's order. */
function schemasOf(schema: string | undefined, client: Client): readonly SchemaName[] {
  const visible: readonly SchemaName[] =
    client.role === 'admin'
      ? ['main', 'disk', 'stats', 'monitor', 'stats_history']
      : ['stats', 'monitor', 'stats_history'];
  const wanted = client.role === 'stats' && schema === 'main' ? 'stats' : schema;
  return wanted === undefined ? visible : visible.filter((name) => name === wanted);
}
