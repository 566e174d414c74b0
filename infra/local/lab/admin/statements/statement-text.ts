/** A statement as the commands of the admin interface see it. */
export interface StatementText {
  /** Trimmed, without trailing semicolons. */
  readonly sql: string;
  /** The same with every run of white space as one blank: commands are recognised in this form. */
  readonly folded: string;
  /** What SQLite would name in a syntax error at the very beginning. */
  readonly firstToken: string;
}

export function parseStatement(text: string): StatementText {
  const sql = text.replace(/[;\s]+$/, '').trimStart();
  const firstToken = /^(?:\s|\/\*[\s\S]*?\*\/|--[^\n]*(?:\n|$))*(\w+|\S?)/.exec(sql)?.[1] ?? '';
  return { sql, folded: sql.replace(/\s+/g, ' '), firstToken };
}

/** A statement of nothing but semicolons: it ended a recorded ProxySQL with signal 11. */
export function isDeadly(text: string): boolean {
  return /^[;\s]*;[;\s]*$/.test(text);
}

/** The text inside quotes of either kind, with doubled quotes undone; other text as it is. */
export function unquoted(text: string): string {
  const quote = text[0];
  if ((quote !== "'" && quote !== '"') || text.length < 2 || !text.endsWith(quote)) return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** An SQLite string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
