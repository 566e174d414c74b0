import { expect, test } from '@jest/globals';
import { diffDocuments } from '../../../../../functions/api/namespaces/diff-documents.ts';

test('documents differ field by field', () => {
  const before = { online: true, owner: 'a', slowSqlMs: null };
  expect(diffDocuments(before, before)).toEqual([]);
  expect(diffDocuments(before, { ...before, owner: 'b', slowSqlMs: 500 })).toEqual([
    { field: 'owner', from: 'a', to: 'b' },
    { field: 'slowSqlMs', from: null, to: 500 },
  ]);
});

test('of lists it is told what came and what went', () => {
  const crm = { name: 'crm', writerHostgroup: 20 };
  const from = { slices: [{ name: 'orders', writerHostgroup: 10 }, crm] };
  const to = { slices: [crm, { name: 'orders', writerHostgroup: 12 }] };
  expect(diffDocuments(from, to)).toEqual([
    {
      field: 'slices',
      from: from.slices,
      to: to.slices,
      added: [{ name: 'orders', writerHostgroup: 12 }],
      removed: [{ name: 'orders', writerHostgroup: 10 }],
    },
  ]);
});

test('a list in another order differs, without anything that came or went', () => {
  expect(diffDocuments({ tags: ['a', 'b'] }, { tags: ['b', 'a'] })).toMatchObject([{ added: [], removed: [] }]);
});

test('a field that one of them lacks counts as null', () => {
  expect(diffDocuments({ a: 1 }, { b: 2 })).toEqual([
    { field: 'a', from: 1, to: null },
    { field: 'b', from: null, to: 2 },
  ]);
});
