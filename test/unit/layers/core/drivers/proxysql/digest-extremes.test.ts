import { describe, expect, test } from '@jest/globals';
import { parseDigestAnswer } from '../../../../../../layers/core/src/drivers/proxysql/digest-answer.ts';
import { digestsStatement } from '../../../../../../layers/core/src/drivers/proxysql/statements.ts';
import { openSqliteStats } from '../../../../../support/sqlite-stats.ts';

const KEY = '10|73686F70|617070||0xA2E81530440E4377';
const answerOf = (packed: string) => [
  ['1795342108', '62', '1', '3', '3603241', '0', '3', '1795342095', packed].map((cell) => Buffer.from(cell)),
];

describe('the extremes of a digest', () => {
  test('are not asked for by who does not want them, and do not make that statement longer', () => {
    for (const statement of [digestsStatement(), digestsStatement(1_000)]) {
      expect(statement).not.toMatch(/min_time|max_time/);
    }
    expect(digestsStatement(1_000, true)).toMatch(/min_time.*max_time/);
  });

  test.each([undefined, 1])('come in microseconds, in a read since %s', async (sinceUptimeS) => {
    const stats = openSqliteStats();
    const nowS = Math.floor(Date.now() / 1_000);
    stats.insert('stats_mysql_query_digest', {
      hostgroup: 10,
      schemaname: 'shop',
      username: 'app',
      client_address: '',
      digest: '0xA2E81530440E4377',
      digest_text: 'SELECT SLEEP(?)',
      count_star: 3,
      first_seen: nowS,
      last_seen: nowS,
      sum_time: 3_603_241,
      min_time: 1_200_441,
      max_time: 1_201_400,
      sum_rows_affected: 0,
      sum_rows_sent: 3,
    });
    const answer = await stats.query(digestsStatement(sinceUptimeS, true));
    const { rows } = parseDigestAnswer(answer, sinceUptimeS === undefined ? 'full' : 'changed', true);
    expect(rows).toMatchObject([{ key: KEY, minTimeUs: 1_200_441, maxTimeUs: 1_201_400, text: 'SELECT SLEEP(?)' }]);
  });

  test.each([
    ['are missing', '3\x1f3603241\x1f0\x1f3\x1f1795342095', 'min_time of'],
    ['are half there', '3\x1f3603241\x1f0\x1f3\x1f1795342095\x1f5', 'max_time of'],
    ['are no numbers', '3\x1f3603241\x1f0\x1f3\x1f1795342095\x1f5\x1f-7', 'max_time of'],
  ])('make a read fail when they %s', (_case, columns, message) => {
    expect(() => parseDigestAnswer(answerOf(`${KEY}\x1f${columns}`), 'changed', true)).toThrow(message);
  });
});
