/** What a statement means for the session that runs it; anything unlisted is simply forwarded. */
export type StatementKind =
  | { readonly kind: 'use'; readonly schema: string }
  | { readonly kind: 'autocommit'; readonly on: boolean }
  | { readonly kind: 'setting'; readonly assignments: ReadonlyMap<string, string> }
  | { readonly kind: 'unknownSet' | 'commit' | 'rollback' | 'showWarnings' }
  /** Leaves state on its connection, which therefore stays with the session to its end. */
  | { readonly kind: 'sticky' }
  | { readonly kind: 'own'; readonly column: string; readonly answer: 'version' | 'versionComment' | 'lastInsertId' }
  | { readonly kind: 'plain' };

const PLAIN: StatementKind = { kind: 'plain' };

// Variables whose values follow the session from connection to connection.
const TRACKED = new Set(
  `character_set_client character_set_connection character_set_results collation_connection foreign_key_checks
  group_concat_max_len innodb_lock_wait_timeout lock_wait_timeout max_execution_time max_statement_time net_read_timeout
  net_write_timeout sql_auto_is_null sql_mode sql_safe_updates sql_select_limit time_zone transaction_isolation
  tx_isolation transaction_read_only tx_read_only unique_checks wait_timeout interactive_timeout`.split(/\s+/),
);
const STICKY =
  /^CREATE\s+TEMPORARY\s|^LOCK\s+TABLES?\s|^PREPARE\s|^FLUSH\s+TABLES.*WITH\s+READ\s+LOCK|\bGET_LOCK\s*\(|\bSQL_CALC_FOUND_ROWS\b|@[a-z_$"'`]/i;
const LEADING_COMMENTS = /^(?:\s+|\/\*[\s\S]*?\*\/|(?:--\s|#)[^\n]*\n)+/;
const OWN: readonly (readonly [RegExp, 'version' | 'versionComment' | 'lastInsertId'])[] = [
  [/^SELECT\s+(@@version)(?:\s+LIMIT\s+1)?$/i, 'version'],
  [/^SELECT\s+(@@version_comment)(?:\s+LIMIT\s+1)?$/i, 'versionComment'],
  [/^SELECT\s+(LAST_INSERT_ID\(\))(?:\s+LIMIT\s+1)?$/i, 'lastInsertId'],
];

/** The digest text is the statement without its literals, in which anything may stand. */
export function statementKindOf(sql: string, digestText: string): StatementKind {
  const text = sql.replace(LEADING_COMMENTS, '').trim().replace(/;\s*$/, '');
  // Looked at by first letter, since most statements are none of these.
  switch (text.charAt(0).toUpperCase()) {
    case 'U':
      return useOf(text, digestText);
    case 'S':
      return startsWithS(text, digestText);
    case 'C':
      if (/^COMMIT(?:\s+WORK)?$/i.test(text)) return { kind: 'commit' };
      break;
    case 'R':
      if (/^ROLLBACK(?:\s+WORK)?$/i.test(text)) return { kind: 'rollback' };
      break;
  }
  return leavesState(digestText) ? { kind: 'sticky' } : PLAIN;
}

function startsWithS(text: string, digestText: string): StatementKind {
  if (/^SET\s/i.test(text)) return setOf(text.slice(4).trim());
  if (/^SHOW\s+(?:COUNT\(\*\)\s+)?(?:WARNINGS|ERRORS)\b/i.test(text)) return { kind: 'showWarnings' };
  for (const [pattern, answer] of OWN) {
    const column = pattern.exec(text)?.[1];
    if (column !== undefined) return { kind: 'own', column, answer };
  }
  return leavesState(digestText) ? { kind: 'sticky' } : PLAIN;
}

function useOf(text: string, digestText: string): StatementKind {
  const schema = /^USE\s+(?:`((?:[^`]|``)+)`|([^\s`]+))$/i.exec(text);
  if (schema === null) return leavesState(digestText) ? { kind: 'sticky' } : PLAIN;
  return { kind: 'use', schema: schema[1]?.replaceAll('``', '`') ?? schema[2] ?? '' };
}

/** `@name` is a user variable, `@@name` is not. */
function leavesState(text: string): boolean {
  return STICKY.test(text.includes('@@') ? text.replace(/@@/g, '') : text);
}

/** Splits `a=1, @@session.b='x'` into tracked assignments; anything it does not know makes the whole SET unknown. */
function setOf(body: string): StatementKind {
  const names = /^NAMES\s+('[^']*'|"[^"]*"|\w+)(\s+COLLATE\s+('[^']*'|"[^"]*"|\w+))?$/i.exec(body);
  if (names !== null) return { kind: 'setting', assignments: new Map([['names', body]]) };
  const isolation = /^SESSION\s+TRANSACTION\s+(ISOLATION\s+LEVEL\s+[\w\s]+|READ\s+(?:ONLY|WRITE))$/i.exec(body);
  if (isolation !== null) return { kind: 'setting', assignments: new Map([['transaction', body]]) };
  const assignments = new Map<string, string>();
  for (const part of splitAtCommas(body)) {
    const [, name = '', value = ''] =
      /^(?:SESSION\s+|LOCAL\s+|@@(?:SESSION\.|LOCAL\.)?)?([a-z_]+)\s*:?=\s*('(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|[\w.+-]+)$/i.exec(
        part,
      ) ?? [];
    const variable = name.toLowerCase();
    if (!TRACKED.has(variable) && variable !== 'autocommit') return { kind: 'unknownSet' };
    assignments.set(variable, value);
  }
  const autocommit = assignments.get('autocommit');
  if (autocommit === undefined) return { kind: 'setting', assignments: asAssignments(assignments) };
  if (assignments.size > 1 || !/^(?:0|1|on|off|true|false)$/i.test(autocommit)) return { kind: 'unknownSet' };
  return { kind: 'autocommit', on: /^(?:1|on|true)$/i.test(autocommit) };
}

function asAssignments(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...values].map(([name, value]) => [name, `${name}=${value}`]));
}

function splitAtCommas(body: string): readonly string[] {
  return (body.match(/(?:'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|[^,'"])+/g) ?? []).map((part) => part.trim());
}
