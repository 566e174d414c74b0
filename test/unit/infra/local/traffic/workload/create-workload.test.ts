import { describe, expect, test } from '@jest/globals';
import { createWorkload, MIN_DIGESTS } from '../../../../../../infra/local/traffic/workload/create-workload.ts';
import type { WorkUnit } from '../../../../../../infra/local/traffic/workload/work-unit.ts';

const UNITS = 20_000;

describe('the workload', () => {
  const workload = createWorkload(7, { digests: 160 });
  const warmUp = Array.from({ length: workload.warmUpUnits }, (_, i) => workload.warmUpUnit(i));
  const units = Array.from({ length: UNITS }, (_, i) => workload.unitAt(i));

  test('is the same for the same seed, in whatever order its units are asked for', () => {
    const twin = createWorkload(7, { digests: 160 });
    for (const i of [19_999, 0, 5_000]) expect(twin.unitAt(i)).toEqual(units[i]);
    expect(twin.warmUpUnit(3)).toEqual(warmUp[3]);
  });

  test('is another for another seed', () => {
    const other = createWorkload(8, { digests: 160 });
    const different = units.filter((unit, i) => JSON.stringify(unit) !== JSON.stringify(other.unitAt(i)));
    expect(different.length).toBeGreaterThan(UNITS / 2);
  });

  test.each([MIN_DIGESTS, 160, 2_000, 20_000])('brings exactly %i digests, all of them in the warm-up', (digests) => {
    const wanted = createWorkload(1, { digests });
    const rows = Array.from({ length: wanted.warmUpUnits }, (_, i) => rowsOf(wanted.warmUpUnit(i)));
    expect(new Set(rows.flat()).size).toBe(digests);
  });

  test('sends nothing later that the warm-up did not', () => {
    const warmed = new Set(warmUp.flatMap(rowsOf));
    expect(new Set(units.flatMap(rowsOf)).difference(warmed)).toEqual(new Set());
  });

  test('comes from several users in several schemas', () => {
    expect(new Set(units.map(({ user }) => user))).toEqual(new Set(['app_rw', 'app_ro', 'batch']));
    expect(new Set(units.map(({ schema }) => schema))).toEqual(new Set(['shop', 'crm', 'analytics']));
  });

  test('has hot and cold statements', () => {
    const counts = new Map<string, number>();
    for (const row of units.flatMap(rowsOf)) counts.set(row, (counts.get(row) ?? 0) + 1);
    const sorted = [...counts.values()].toSorted((a, b) => b - a);
    expect(sorted[0]).toBeGreaterThan(UNITS / 10);
    expect(sorted.at(-1)).toBeLessThan(UNITS / 100);
    expect(sorted.length).toBeGreaterThan(150);
  });

  test('now and then is slow, fails, and holds transactions open', () => {
    const share = (test: (unit: WorkUnit) => boolean) => units.filter(test).length / UNITS;
    expect(share((unit) => sqlOf(unit).includes('SLEEP'))).toBeGreaterThan(0.002);
    expect(share((unit) => /wishlists|page_views_archive/.test(sqlOf(unit)))).toBeGreaterThan(0.002);
    const held = (unit: WorkUnit) => unit.steps.reduce((ms, step) => ms + (step.kind === 'think' ? step.ms : 0), 0);
    expect(share((unit) => held(unit) >= 1_500)).toBeGreaterThan(0.001);
    // Eight units at once must be enough for sixty statements per second.
    expect(units.reduce((ms, unit) => ms + held(unit), 0) / UNITS).toBeLessThan(40);
  });

  test('ends every transaction that it begins', () => {
    for (const unit of [...warmUp, ...units]) {
      const [first, last] = [unit.steps[0], unit.steps.at(-1)];
      if (first?.kind !== 'statement' || !/^(BEGIN|START)/.test(first.sql)) expect(unit.steps).toHaveLength(1);
      else expect(last).toMatchObject({ sql: expect.stringMatching(/^(COMMIT|ROLLBACK)$/) });
    }
  });
});

function sqlOf(unit: WorkUnit): string {
  return unit.steps.map((step) => (step.kind === 'statement' ? step.sql : '')).join('; ');
}

/** What a proxy would keep a row for: user, schema and the statement without comments and values. */
function rowsOf({ user, schema, steps }: WorkUnit): string[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'statement') return [];
    const text = step.sql
      .replaceAll(/\/\*.*?\*\//g, '')
      .replaceAll(/'(?:[^'\\]|''|\\.)*'|"[^"]*"/g, '?')
      .replaceAll(/\b\d+(?:\.\d+)?\b/g, '?')
      .replaceAll(/\s+/g, ' ');
    return [JSON.stringify([user, schema, text])];
  });
}
