import type { ConfigTable, LayerRows } from './config-rows.ts';
import type { RowChange } from './row-diff.ts';
import { tablesOf } from './row-rules.ts';

/** Deleting up to so many rows is no accident of a script, however few there are. */
const FEW_ROWS = 2;
const MASS_SHARE = 0.1;
/** Without a row in these nobody gets through the proxy any more. */
const VITAL: readonly ConfigTable[] = ['users', 'servers'];

/** Tables that the changes would cut down or empty, in words; `rows` are those of memory. */
export function massDeletes(changes: readonly RowChange[], rows: LayerRows): readonly string[] {
  return tablesOf(rows).flatMap((table) => {
    const total = rows[table]?.length ?? 0;
    const count = (kind: RowChange['kind']) =>
      changes.filter((change) => change.table === table && change.kind === kind).length;
    const [deleted, added] = [count('delete'), count('add')];
    if (deleted === 0) return [];
    if (VITAL.includes(table) && deleted === total && added === 0)
      return [`all ${total} rows of ${table} would be deleted`];
    const isMass = deleted > FEW_ROWS && deleted > total * MASS_SHARE;
    return isMass ? [`${deleted} of ${total} rows of ${table} would be deleted`] : [];
  });
}
