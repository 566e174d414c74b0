import { malformed, type Row, textOf } from './cells.ts';

/** One of several selects that travel in one statement: its text, and how many columns it has. */
export interface Part {
  readonly select: string;
  readonly width: number;
}

/**
 * The parts in one statement, since each one costs a round trip and the admin interface serves one client at a time. Each
 * row begins with the name of its part, and is filled up with NULLs behind the part's own columns.
 */
export function unionStatement<Name extends string>(parts: readonly (readonly [Name, Part])[]): string {
  const widest = Math.max(...parts.map(([, { width }]) => width));
  return parts
    .map(([name, { select, width }]) => `SELECT '${name}',*${',NULL'.repeat(widest - width)} FROM (${select})`)
    .join(' UNION ALL ');
}

/** Rows of each part without its name; those of a part that was not asked for are none. */
export function rowsByPart<Name extends string>(
  answer: readonly Row[],
  names: readonly Name[],
  what: string,
): Readonly<Record<Name, readonly Row[]>> {
  const rows = new Map<string, Row[]>(names.map((name) => [name, []]));
  for (const row of answer) {
    const name = textOf(row, 0);
    const part = rows.get(name);
    if (part === undefined) throw malformed(`a row of the ${what} is of ${JSON.stringify(name.slice(0, 80))}`);
    part.push(row.slice(1));
  }
  return Object.fromEntries(rows) as unknown as Record<Name, readonly Row[]>;
}
