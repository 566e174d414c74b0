/**
 * Regular expressions over a statement's normalised text (literals are `?`, comments are gone), regardless of case. They keep
 * to what PCRE and RE2 both know: no looking around.
 */

// What can be no other statement's beginning. EXPLAIN of a write writes nothing.
const READING_WORDS =
  'SELECT|SHOW|DESC|DESCRIBE|EXPLAIN|WITH|VALUES|TABLE|SET|USE|HELP|BEGIN|START\\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE\\s+SAVEPOINT';

/** Statements that may read; all others are taken for writes. */
export const MAY_READ = `^[(\\s]*(?:${READING_WORDS})\\b`;

/** Writes that begin like reads, and whatever follows in one command behind a semicolon. */
export const HIDDEN_WRITE = [
  '^[(\\s]*WITH\\b.*\\b(?:UPDATE|DELETE)\\b',
  '^\\s*SET\\s+(?:PASSWORD|GLOBAL|PERSIST|PERSIST_ONLY|@@(?:GLOBAL|PERSIST|PERSIST_ONLY)\\.)',
  '\\bINTO\\s+(?:OUTFILE|DUMPFILE)\\b',
  ';\\s*\\S',
].join('|');

/** Reads that belong to the writer: those that lock, and those that ask for what their own session left behind. */
export const WRITER_READ = [
  '^SELECT\\b.*\\bFOR\\s+(?:UPDATE|SHARE)\\b',
  '^SELECT\\b.*\\bLOCK\\s+IN\\s+SHARE\\s+MODE\\b',
  '^SELECT\\b.*\\b(?:\\w+_LOCKS?|LAST_INSERT_ID|FOUND_ROWS|ROW_COUNT)\\s*\\(',
  '^SELECT\\b.*[^@]@[\\w`"\'$.]',
  '^SELECT\\b.*;\\s*\\S',
].join('|');

export const PLAIN_READ = '^SELECT\\b';

/** What a session needs in order to get to a schema that it may use. */
export const LEADS_TO_SCHEMA = '^\\s*(?:USE|SET)\\b';
