/** Errors whose quoted parts are names of tables, databases and routines, and never values. */
const NAMES_ONLY: readonly number[] = [1007, 1008, 1049, 1050, 1051, 1146, 1305];

/**
 * The message of a MySQL error without what a statement may have carried: all from the first quote to the last, since a value
 * may hold quotes itself. Of a duplicate entry the name of the key stays.
 */
export function maskMessage(errno: number, message: string): string {
  if (NAMES_ONLY.includes(errno)) return message;
  const [, head, key] = /^(.*?)['"`].*( for key '[^']*')$/s.exec(message) ?? [];
  if (head !== undefined && key !== undefined) return `${head}?${key}`;
  return message.replace(/['"`].*['"`]/s, '?').replace(/['"`].*$/s, '?');
}
