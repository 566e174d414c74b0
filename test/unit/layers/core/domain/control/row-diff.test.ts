import { describe, expect, test } from '@jest/globals';
import type { ConfigRow } from '../../../../../../layers/core/src/domain/control/config-rows.ts';
import {
  differencesOf,
  loadDifferences,
  loadedRows,
} from '../../../../../../layers/core/src/domain/control/layer-diff.ts';
import { diffTable } from '../../../../../../layers/core/src/domain/control/row-diff.ts';
import {
  applyWrites,
  modulesOf,
  writesBetween,
  writesOf,
} from '../../../../../../layers/core/src/domain/control/row-writes.ts';
import { fc } from '../../../../../support/properties.ts';
import { PLAIN_RULES } from './row-rules.ts';

const value = fc.constantFrom('1', '2', null);
const rows = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.record({ x: value, y: value }))
  .map((all) => Object.entries(all).map(([key, fields]): ConfigRow => ({ key, fields })));
const keys = fc.subarray(['a', 'b', 'c', 'd', 'e']).map((some) => new Set(some));

const diff = (wanted: readonly ConfigRow[], found: readonly ConfigRow[], managed: ReadonlySet<string>, adopt = false) =>
  diffTable(PLAIN_RULES, 'users', wanted, found, { managed, adopt });

describe('a difference of rows', () => {
  test('that is written leaves nothing to change, and rows of others as they were', () => {
    fc.assert(
      fc.property(rows, rows, keys, fc.boolean(), (wanted, found, managed, adopt) => {
        const { changes, conflicts, adopted } = diff(wanted, found, managed, adopt);
        const after = applyWrites({ users: found }, writesOf(changes)).users ?? [];
        const now = new Set([...managed, ...adopted, ...changes.map(({ row }) => row.key)]);
        const again = diff(wanted, after, now, adopt);
        expect(again.changes).toEqual([]);
        expect(again.conflicts.map(({ row }) => row.key).toSorted()).toEqual(
          conflicts.map(({ row }) => row.key).toSorted(),
        );
        for (const row of found) {
          const isOthers = !managed.has(row.key) && !(adopt && wanted.some(({ key }) => key === row.key));
          if (isOthers) expect(after).toContainEqual(row);
        }
      }),
    );
  });

  test('deletes rows alone that are managed and no longer wanted', () => {
    fc.assert(
      fc.property(rows, rows, keys, (wanted, found, managed) => {
        for (const { kind, row } of diff(wanted, found, managed).changes) {
          if (kind !== 'delete') continue;
          expect(managed.has(row.key)).toBe(true);
          expect(wanted.map(({ key }) => key)).not.toContain(row.key);
        }
      }),
    );
  });

  test('writes the fields alone that differ', () => {
    const { changes } = diff(
      [{ key: 'a', fields: { x: '1', y: '2' } }],
      [{ key: 'a', fields: { x: '1', y: '1' } }],
      new Set('a'),
    );
    expect(writesOf(changes)).toEqual([{ kind: 'put', table: 'users', row: { key: 'a', fields: { y: '2' } } }]);
  });

  test('takes variables as they are: none is added, none deleted, none in the way', () => {
    const found = [
      { key: 'a', fields: { x: '1' } },
      { key: 'b', fields: { x: '1' } },
    ];
    const wanted = [
      { key: 'a', fields: { x: '2' } },
      { key: 'z', fields: { x: '2' } },
    ];
    const { changes, conflicts, unknown } = diffTable(PLAIN_RULES, 'variables', wanted, found, {
      managed: new Set('b'),
      adopt: false,
    });
    expect(changes.map(({ kind, row }) => [kind, row.key])).toEqual([['change', 'a']]);
    expect([conflicts, unknown]).toEqual([[], ['z']]);
  });

  test('loads what users need before the users', () => {
    const put = (table: 'users' | 'servers' | 'rules') => ({ kind: 'delete' as const, table, key: 'a' });
    expect(modulesOf([put('rules'), put('users'), put('servers')])).toEqual(['servers', 'users', 'rules']);
  });
});

describe('writes between two states', () => {
  test('make the one the other', () => {
    fc.assert(
      fc.property(rows, rows, (from, to) => {
        const after = applyWrites({ users: from }, writesBetween(PLAIN_RULES, { users: from }, { users: to }));
        expect(differencesOf(PLAIN_RULES, after, { users: to })).toEqual([]);
        expect(differencesOf(PLAIN_RULES, { users: to }, after)).toEqual([]);
      }),
    );
  });
});

describe('what a LOAD would bring along', () => {
  test('is what others edited, apart from what monitors did', () => {
    const server = (status: string, weight = '1') => ({ key: 's', fields: { status, weight } });
    const { edits, monitored } = loadDifferences(
      PLAIN_RULES,
      { servers: [server('ONLINE', '5')] },
      { servers: [server('SHUNNED')] },
    );
    expect(edits.map(({ fields }) => fields)).toEqual([[{ field: 'weight', from: '5', to: '1' }]]);
    expect(monitored.map(({ fields }) => fields)).toEqual([[{ field: 'status', from: 'ONLINE', to: 'SHUNNED' }]]);
  });

  test('is no inactive user', () => {
    const memory = { users: [{ key: 'a', fields: { active: '0' } }] };
    expect(loadDifferences(PLAIN_RULES, memory, { users: [] }).edits).toEqual([]);
    expect(loadedRows(PLAIN_RULES, memory, { users: [] })).toEqual(memory);
  });

  test('taken away gives rows that run as it ran', () => {
    fc.assert(
      fc.property(rows, rows, (memory, runtime) => {
        const loaded = loadedRows(PLAIN_RULES, { users: memory }, { users: runtime });
        expect(loadDifferences(PLAIN_RULES, loaded, { users: runtime }).edits).toEqual([]);
      }),
    );
  });
});
