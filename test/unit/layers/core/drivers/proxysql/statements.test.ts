import { describe, expect, test } from '@jest/globals';
import { guardStatement } from '../../../../../../layers/core/src/drivers/proxysql/quoting.ts';
import * as statements from '../../../../../../layers/core/src/drivers/proxysql/statements.ts';

const { digestsStatement, digestTextsStatement, PROBES } = statements;
const all = [
  statements.VERSION,
  statements.statusStatement(['global']),
  statements.statusStatement(['global', 'backends', 'commands', 'errors', 'users']),
  digestsStatement(),
  digestsStatement(1_000),
  digestTextsStatement(),
  digestTextsStatement(['0xA2E81530440E4377', '0x8E8805B980C3D2A7']),
  ...Object.values(PROBES),
];

describe('the statements of the driver', () => {
  test.each(all)('%s passes the guard', (statement) => {
    expect(guardStatement(statement)).toBe(statement);
  });

  test('name tables in lower case at least once, or the proxy would answer with old rows', () => {
    for (const statement of all.filter((each) => each !== PROBES.digests)) {
      for (const [table] of statement.matchAll(/\bstats_mysql_\w+/gi)) expect(statement).toContain(table.toLowerCase());
    }
  });

  test('look for the columns of digests without the name that makes the proxy rebuild the table', () => {
    expect(PROBES.digests).not.toContain('stats_mysql_query_digest');
  });

  test('name the digest table once per read, since each naming rebuilds it', () => {
    for (const statement of [digestsStatement(), digestsStatement(7), digestTextsStatement()]) {
      expect(statement.match(/stats_mysql_query_digest/g)).toHaveLength(1);
    }
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse to read from an uptime of %s', (sinceUptimeS) => {
    expect(() => digestsStatement(sinceUptimeS)).toThrow(expect.objectContaining({ code: 'PROXY_STATEMENT' }));
  });

  test('quote digests, whatever a caller takes for one', () => {
    expect(digestTextsStatement(["0x1') OR ('1'='1"])).toContain("IN ('0x1'') OR (''1''=''1')");
  });
});
