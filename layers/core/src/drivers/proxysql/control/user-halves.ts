import type { ConfigRow } from '../../../domain/control/config-rows.ts';
import { type TableRow, userKey } from './tables.ts';

/**
 * ProxySQL splits a user into a half that clients log in as and one that logs in to back ends: at runtime always, in memory
 * after a SAVE FROM RUNTIME or a cluster's pull. One row per user stands for all these forms: the columns of the frontend
 * half (else of the backend half), `frontend` and `backend` telling which halves exist, `halves` whether they are alike or in
 * which columns not, and `backend.<column>` for each of those.
 */
export const HALVES = 'halves';
export const ALIKE = 'alike';

const BACKEND = 'backend.';
const ofBackendHalf = (column: string): boolean => column.startsWith(BACKEND);
const tellsHalf = (column: string): boolean => column === 'frontend' || column === 'backend';

export function joinHalves(rows: readonly TableRow[]): readonly ConfigRow[] {
  const byName = Map.groupBy(rows, ({ username }) => username ?? '');
  return [...byName].map(([name, halves]) => ({ key: userKey(name), fields: joined(halves) }));
}

/** The rows of memory that a joined row stands for, the frontend half first. */
export function splitHalves(fields: TableRow): readonly TableRow[] {
  const entries = Object.entries(fields).filter(([column]) => column !== HALVES);
  const own = Object.fromEntries(entries.filter(([column]) => !ofBackendHalf(column)));
  const differing = entries.filter(([column]) => ofBackendHalf(column));
  if (differing.length === 0) return [own];
  const others = Object.fromEntries(differing.map(([column, value]) => [column.slice(BACKEND.length), value]));
  return [
    { ...own, frontend: '1', backend: '0' },
    { ...own, ...others, frontend: '0', backend: '1' },
  ];
}

/** A joined row with other values: what is decided for a user is decided for both halves. */
export function withFields(fields: TableRow, decided: TableRow): TableRow {
  const kept = Object.entries(fields).filter(([column]) => {
    if (!ofBackendHalf(column)) return true;
    return decided[HALVES] !== ALIKE && decided[column.slice(BACKEND.length)] === undefined;
  });
  return { ...Object.fromEntries(kept), ...decided };
}

function joined(halves: readonly TableRow[]): TableRow {
  const front = halves.find((row) => row.frontend === '1');
  const back = halves.find((row) => row.backend === '1');
  const [own = {}] = [front ?? back ?? halves[0]];
  const differing =
    front === undefined || back === undefined
      ? []
      : Object.keys(back).filter((column) => !tellsHalf(column) && back[column] !== front[column]);
  return {
    ...own,
    frontend: front === undefined ? '0' : '1',
    backend: back === undefined ? '0' : '1',
    [HALVES]: differing.length === 0 ? ALIKE : `differ in ${differing.sort().join(', ')}`,
    ...Object.fromEntries(differing.map((column) => [`${BACKEND}${column}`, back?.[column] ?? null])),
  };
}
