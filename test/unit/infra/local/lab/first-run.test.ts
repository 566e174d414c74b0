import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { creationOf, findTable } from '../../../../../infra/local/lab/admin/storage/schema.ts';
import { firstRunSql } from '../../../../../infra/local/lab/first-run.ts';

describe('the first configuration of a lab proxy', () => {
  test('goes into the tables as it is, whatever the texts hold', () => {
    const db = new DatabaseSync(':memory:');
    for (const name of ['mysql_users', 'mysql_query_rules']) {
      const table = findTable('main', name);
      if (table !== undefined) db.exec(creationOf(table));
    }
    const password = 'it\'s \\ "quoted"; --';
    const statements = firstRunSql({
      users: [{ username: 'app', password, default_hostgroup: 10, default_schema: null }],
      rules: [{ rule_id: 1, active: 1, match_digest: "^SELECT '", destination_hostgroup: 20, apply: 1 }],
    });
    for (const statement of statements) db.exec(statement);
    expect(db.prepare('SELECT username, password, default_schema, max_connections FROM mysql_users').all()).toEqual([
      { username: 'app', password, default_schema: null, max_connections: 10_000 },
    ]);
    expect(db.prepare('SELECT match_digest, destination_hostgroup FROM mysql_query_rules').all()).toEqual([
      { match_digest: "^SELECT '", destination_hostgroup: 20 },
    ]);
  });

  test('may be empty', () => {
    expect(firstRunSql({})).toEqual([]);
  });
});
