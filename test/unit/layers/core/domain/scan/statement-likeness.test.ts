import { expect, test } from '@jest/globals';
import { likenessOf } from '../../../../../../layers/core/src/domain/scan/statement-likeness.ts';

test.each([
  ['SELECT SLEEP(1.5)', 'SELECT SLEEP(?)', 'same'],
  ["select * from t where a = 'x' -- who", 'SELECT * FROM t WHERE a=?', 'same'],
  ['SELECT a FROM t WHERE b IN (1,2,3,4)', 'SELECT a FROM t WHERE b IN (?,?,?,...)', 'same'],
  ["INSERT INTO t VALUES (1,'a'),(2,'b')", 'INSERT INTO t VALUES (?,?),...', 'same'],
  ['SELECT a, b, c FROM t', 'SELECT a,b', 'same'],
  ['SELECT a FROM t', 'SELECT b FROM t', 'other'],
  ['SELECT a FROM t', 'UPDATE t SET a = ?', 'unlike'],
  ['SELECT a FROM t', undefined, 'unknown'],
  ['', 'SELECT a', 'unknown'],
] as const)('%s and %s: %s', (one, two, expected) => {
  expect(likenessOf(one, two)).toBe(expected);
});
