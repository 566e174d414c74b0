import { createHash } from 'node:crypto';
import type { LayerRows } from '@proxywatch/core/domain/control/config-rows';
import type { RowRef } from '@proxywatch/core/domain/control/group-work';
import { tablesOf } from '@proxywatch/core/domain/control/row-rules';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';

/** A keyed digest of rows, in whatever order they came: nobody without the key can try passwords out on it. */
export function digestRows(
  secrets: Pick<SecretBox, 'fingerprint'>,
  rows: LayerRows,
  managed: readonly RowRef[],
  signal: AbortSignal,
): Promise<string> {
  const tables = tablesOf(rows).map((table) => {
    const sorted = (rows[table] ?? []).map(
      ({ key, fields }) => [key, Object.entries(fields).toSorted(byName)] as const,
    );
    const keys = managed.filter((row) => row.table === table).map(({ key }) => key);
    return [table, sorted.toSorted(byName), keys.toSorted()];
  });
  return secrets.fingerprint(createHash('sha256').update(JSON.stringify(tables)).digest('hex'), signal);
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
