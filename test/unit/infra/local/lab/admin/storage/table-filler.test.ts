import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TableDefinition } from '../../../../../../../infra/local/lab/admin/storage/schema.ts';
import { runSql } from '../../../../../../../infra/local/lab/admin/storage/sql.ts';
import { createTableFiller } from '../../../../../../../infra/local/lab/admin/storage/table-filler.ts';

const TABLE: TableDefinition = {
  schema: 'main',
  name: 't',
  sql: 'CREATE TABLE t (n INT, v VARCHAR NOT NULL)',
  columns: [
    { name: 'n', integer: true },
    { name: 'v', integer: false },
  ],
};

describe('filling a table', () => {
  let db: DatabaseSync;
  beforeEach(() => {
    db = new DatabaseSync(':memory:');
    db.exec(TABLE.sql);
  });
  afterEach(() => db.close());
  const rows = () => runSql(db, 'SELECT * FROM t').rows;

  test.each([0, 1, 15, 16, 17, 100])('replaces what was there by %d rows', (count) => {
    const filler = createTableFiller(db);
    filler.fill(TABLE, [[1, 'old']]);
    filler.fill(
      TABLE,
      Array.from({ length: count }, (_, i) => [i, `row ${i}`]),
    );
    expect(rows()).toEqual(Array.from({ length: count }, (_, i) => [BigInt(i), `row ${i}`]));
  });

  test('numbers in a text column have no decimal point', () => {
    createTableFiller(db).fill(TABLE, [
      [1, 62],
      [2, '7'],
    ]);
    expect(rows()).toEqual([
      [1n, '62'],
      [2n, '7'],
    ]);
  });

  test('texts keep quotes, newlines, NUL and emoji', () => {
    const nasty = 'it\'s "so"\n\\ \0 😀';
    createTableFiller(db).fill(TABLE, [[1, nasty]]);
    expect(rows()).toEqual([[1n, nasty]]);
  });

  test('a row of another width is an error, and the old rows stay', () => {
    const filler = createTableFiller(db);
    filler.fill(TABLE, [[1, 'old']]);
    expect(() => filler.fill(TABLE, [[1, 'a'], [2]])).toThrow('t has 2 columns, the row has 1');
    expect(rows()).toEqual([[1n, 'old']]);
  });
});
