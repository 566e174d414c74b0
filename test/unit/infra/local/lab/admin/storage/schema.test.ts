import { describe, expect, test } from '@jest/globals';
import {
  creationOf,
  findTable,
  parseSchema,
  TABLES,
} from '../../../../../../../infra/local/lab/admin/storage/schema.ts';
import { STATS_TABLES } from '../../../../../../../infra/local/lab/contract.ts';

describe('the schema of the lab proxy', () => {
  test('has every table that the traffic side fills', () => {
    for (const table of STATS_TABLES) expect(findTable('stats', table)?.columns.length).toBeGreaterThan(1);
  });

  test('keeps on disk what main keeps, but not what it shows of runtime', () => {
    const disk = TABLES.filter(({ schema }) => schema === 'disk').map(({ name }) => name);
    expect(disk).toContain('mysql_users');
    expect(disk.filter((name) => name.startsWith('runtime_'))).toEqual([]);
  });

  test('finds columns in spite of commas in checks, keys and several columns in a line', () => {
    const dump = `-- main.t
CREATE TABLE t (
    a VARCHAR CHECK (a IN ('x', 'y')) NOT NULL,
    b INT, c INTEGER PRIMARY KEY,
    \`Default\` VARCHAR,
    d);

`;
    expect(parseSchema(dump)[0]?.columns).toEqual([
      { name: 'a', integer: false },
      { name: 'b', integer: true },
      { name: 'c', integer: true },
      { name: 'Default', integer: false },
      { name: 'd', integer: false },
    ]);
  });

  test('creates the digests without the index that would cost most of a refresh', () => {
    const digests = findTable('stats', 'stats_mysql_query_digest')!;
    expect(digests.sql).toContain('PRIMARY KEY');
    expect(creationOf(digests)).toMatch(/^CREATE TABLE IF NOT EXISTS stats\.stats_mysql_query_digest \(/);
    expect(creationOf(digests)).not.toContain('PRIMARY KEY');
  });
});
