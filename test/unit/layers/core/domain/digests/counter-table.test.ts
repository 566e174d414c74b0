import { describe, expect, test } from '@jest/globals';
import { CounterTable } from '../../../../../../layers/core/src/domain/digests/counter-table.ts';
import type { DigestCounters } from '../../../../../../layers/core/src/domain/digests/digest-read.ts';
import { fc } from '../../../../../support/properties.ts';

const countersOf = (n: number): DigestCounters => ({
  executions: n,
  timeUs: 2 * n,
  rowsAffected: 3 * n,
  rowsSent: 4 * n,
});

/** Few keys, so that they come again; some share all but their last byte, some are no ASCII. */
const key = fc.oneof(
  fc.nat(40).map((n) => `10|73||0x${n}`),
  fc.constantFrom('', 'ключ', '😀', 'é', 'e\u0301', '\0'),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      key,
      n: fc.nat(),
      mark: fc.integer({ min: -9, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('compact' as const, 'clear' as const) }) },
);

function contentsOf(table: CounterTable) {
  return new Map(
    [...table.slots()].map((slot) => [
      table.keyAt(slot),
      [table.countersAt(slot), table.markAt(slot), table.touchedAt(slot)],
    ]),
  );
}

describe('a table of counters', () => {
  test('holds what a map would hold, whatever is put in, taken out and compacted', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const table = new CounterTable();
        const model = new Map<string, unknown>();
        for (const one of steps) {
          if (one.do === 'insert') {
            table.insert(one.key, countersOf(one.n), one.mark, one.n);
            model.set(one.key, [countersOf(one.n), one.mark, one.n]);
          } else if (one.do === 'delete') {
            table.delete(one.key);
            model.delete(one.key);
          } else if (one.do === 'compact') table.compact();
          else {
            table.clear();
            model.clear();
          }
        }
        expect(contentsOf(table)).toEqual(model);
        expect(table.size).toBe(model.size);
        for (const held of model.keys()) expect(table.keyAt(table.slotOf(held))).toBe(held);
      }),
    );
  });

  test('keeps the slots of all other keys when one is put in', () => {
    const table = new CounterTable();
    const slots = Array.from({ length: 1_000 }, (_, n) => table.insert(`key ${n}`, countersOf(n), n));
    expect(slots.map((slot) => table.countersAt(slot).executions)).toEqual(slots.map((_, n) => n));
  });

  test('gives memory back once most of its records are gone', () => {
    const table = new CounterTable();
    for (let n = 0; n < 10_000; n++) table.insert(`10|73686F70|617070||0x${n}`, countersOf(n), 0);
    const full = table.byteLength;
    for (const slot of table.slots()) if (table.countersAt(slot).executions % 10 > 0) table.deleteAt(slot);
    table.compact();
    expect(table.size).toBe(1_000);
    expect(table.byteLength).toBeLessThan(full / 6);
  });

  test('takes less than 160 bytes for a row with a usual key', () => {
    const table = new CounterTable();
    for (let n = 0; n < 10_000; n++)
      table.insert(`10|73686F70|617070||0x${n.toString(16).padStart(16, '0')}`, countersOf(n), 0);
    expect(table.byteLength / table.size).toBeLessThan(160);
  });
});
