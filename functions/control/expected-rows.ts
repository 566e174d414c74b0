import type { LayerRows, RowWrite } from '@proxywatch/core/domain/control/config-rows';
import type { PreImage } from '@proxywatch/core/domain/control/group-work';
import { loadedRows } from '@proxywatch/core/domain/control/layer-diff';
import { byKey, type RowRules } from '@proxywatch/core/domain/control/row-rules';
import { applyWrites } from '@proxywatch/core/domain/control/row-writes';

/**
 * What a member should run after the change: what it ran before, and the writes. New rows have the columns only that are
 * written; `writerMemory` has the whole of them.
 */
export function expectedRows(rules: RowRules, image: PreImage, writerMemory: LayerRows): LayerRows {
  const before = beforeRows(rules, image);
  const writes = image.writes.map((write): RowWrite => {
    if (write.kind === 'delete' || byKey(before[write.table]).has(write.row.key)) return write;
    return { ...write, row: byKey(writerMemory[write.table]).get(write.row.key) ?? write.row };
  });
  return applyWrites(before, writes);
}

/** What a member ran before the change, as a memory that is loaded gives it. */
export function beforeRows(rules: RowRules, image: PreImage): LayerRows {
  return loadedRows(rules, image.memory, image.runtime);
}
