import { describe, expect, test } from '@jest/globals';
import { digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import { statementKindOf } from '../../../../../../../infra/local/lab/traffic-port/routing/statement-kind.ts';

const kindOf = (sql: string) => statementKindOf(sql, digestTextOf(sql));

describe('for its session a statement', () => {
  test.each([
    ['SELECT 1', 'plain'],
    ['SHOW TABLES', 'plain'],
    ['UPDATE people SET email="a@example.org"', 'plain'],
    ["SELECT 'GET_LOCK(1)'", 'plain'],
    ['SELECT @@hostname', 'plain'],
    ['commit', 'commit'],
    ['ROLLBACK WORK;', 'rollback'],
    ['ROLLBACK TO SAVEPOINT a', 'plain'],
    ['SHOW WARNINGS LIMIT 5', 'showWarnings'],
    ['SHOW COUNT(*) WARNINGS', 'showWarnings'],
    ['SELECT @total', 'sticky'],
    ['SELECT id INTO @x FROM t', 'sticky'],
    ["SELECT GET_LOCK('a', 1)", 'sticky'],
    ['CREATE TEMPORARY TABLE t (id INT)', 'sticky'],
    ['LOCK TABLES t READ', 'sticky'],
    ['SET @x=1', 'unknownSet'],
    ['SET GLOBAL max_connections=5', 'unknownSet'],
    ['SET sql_mode=CONCAT(@@sql_mode, 1)', 'unknownSet'],
    ['SET autocommit=0, sql_mode=""', 'unknownSet'],
    ['SET PASSWORD = "x"', 'unknownSet'],
  ])('%j is %s', (sql, kind) => {
    expect(kindOf(sql)).toMatchObject({ kind });
  });

  test.each([
    ['USE crm', 'crm'],
    ['  use `my ``schema`;', 'my `schema'],
    ['/* app */ USE shop', 'shop'],
  ])('%j changes the schema', (sql, schema) => {
    expect(kindOf(sql)).toEqual({ kind: 'use', schema });
  });

  test.each([
    ['SET autocommit=0', false],
    ['set @@session.autocommit = ON', true],
    ['SET SESSION autocommit=1', true],
  ])('%j switches autocommit', (sql, on) => {
    expect(kindOf(sql)).toEqual({ kind: 'autocommit', on });
  });

  test.each<[string, readonly (readonly [string, string])[]]>([
    ['SET NAMES utf8mb4', [['names', 'NAMES utf8mb4']]],
    ["SET NAMES 'utf8' COLLATE 'utf8_bin'", [['names', "NAMES 'utf8' COLLATE 'utf8_bin'"]]],
    [
      "SET time_zone = '+00:00', @@sql_mode='A,B'",
      [
        ['time_zone', "time_zone='+00:00'"],
        ['sql_mode', "sql_mode='A,B'"],
      ],
    ],
    [
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
      [['transaction', 'SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED']],
    ],
  ])('%j is a setting that follows it', (sql, assignments) => {
    expect(kindOf(sql)).toEqual({ kind: 'setting', assignments: new Map(assignments) });
  });

  test.each([
    ['SELECT @@version', '@@version', 'version'],
    ['select @@version_comment limit 1', '@@version_comment', 'versionComment'],
    ['SELECT LAST_INSERT_ID()', 'LAST_INSERT_ID()', 'lastInsertId'],
  ])('%j is a question to the proxy', (sql, column, answer) => {
    expect(kindOf(sql)).toEqual({ kind: 'own', column, answer });
  });
});
