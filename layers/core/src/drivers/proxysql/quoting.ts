import { ProxywatchError } from '../../domain/errors.ts';

/** A text as a literal of SQLite, where a backslash is a backslash and a quote is doubled. */
export function quoteSqlite(text: string): string {
  if (text.includes('\0')) throw new ProxywatchError('PROXY_STATEMENT', 'text for the proxy contains a NUL character');
  return `'${text.replaceAll("'", "''")}'`;
}

/** Refuses what would harm the proxy, whoever wrote it; gives the statement back otherwise. */
export function guardStatement(statement: string): string {
  const code = statement.replace(/'(?:[^']|'')*'/g, "''").replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const problem = problemOf(statement, code);
  if (problem !== undefined)
    throw new ProxywatchError('PROXY_STATEMENT', `statement refused before sending: ${problem}`);
  return statement;
}

function problemOf(statement: string, code: string): string | undefined {
  // A lone `;` crashed the process, and of several statements only the first would run.
  if (code.includes(';')) return 'it contains a semicolon';
  if (code.trim() === '') return 'it is empty';
  if (statement.includes('\0')) return 'it contains a NUL character';
  // The proxy looks for these names anywhere in the text, literals included, and empties the table.
  if (/stats_\w+_reset/i.test(statement)) return 'it names a table that empties itself when read';
  if (/save\s+mysql\s+digest\s+to\s+disk/i.test(statement)) return 'it would empty the digest table';
  return undefined;
}
