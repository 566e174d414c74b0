import type { Recall } from '../digests/recall.ts';
import { messageOf } from '../errors.ts';
import { decodeCounters } from './history-record.ts';
import type { Damage } from './restore-history.ts';

/** Notes what a store answered for some places of a recall, in their order; answers what of it cannot be read. */
export function noteRecords(
  recall: Recall,
  places: readonly number[],
  records: readonly (string | undefined)[],
  busySinceS: number,
): readonly Damage[] {
  const damage: Damage[] = [];
  for (const [i, place] of places.entries()) {
    const record = records[i];
    const key = recall.read.rows[place]?.key ?? '';
    if (record === undefined) {
      recall.noteNotHeld(place);
      continue;
    }
    try {
      const { counters, mark, touchedS } = decodeCounters(key, record);
      recall.noteHeld(place, { counters, bornS: mark, touchedS }, busySinceS);
    } catch (error) {
      recall.noteDamaged(place);
      damage.push({ kind: 'row', key, record, why: messageOf(error) });
    }
  }
  return damage;
}
