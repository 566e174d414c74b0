import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ProxySession } from '../../../layers/core/src/ports/proxy-driver.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { digestOf, digestRow, type StatsAdmin, startStatsAdmin } from '../../support/stats-admin.ts';

const TEXTS = [
  `SELECT 'it''s', "dq", \`bt\``,
  'SELECT ?\n\tFROM t\r\n WHERE a=?',
  'SELECT \\ \\\\ \\n \\0',
  'SELECT 😀, 日本, naïve',
  'SELECT \0 AS nul',
  'SELECT \x1e \x1f | AS separators',
  '',
  'x'.repeat(2_048),
  '😀'.repeat(512),
  `a${'😀'.repeat(511)}tail`,
  `\0${'é'.repeat(900)}`,
];
const cut = (text: string) => Array.from(text).slice(0, 512).join('');

let admin: StatsAdmin;
let session: ProxySession;

beforeEach(async () => {
  admin = await startStatsAdmin();
  session = await openSession(admin.port);
});
afterEach(async () => {
  await session.close();
  await admin.close();
});

describe('digest texts', () => {
  test('come back intact, cut at 512 characters, both with their newborn row and when asked for', async () => {
    admin.set('stats_mysql_query_digest', () => TEXTS.map((text, i) => digestRow({ digest: digestOf(i), text })));
    const expected = TEXTS.map((text, i) => [digestOf(i), cut(text)] as const);
    expect(await session.fetchDigestTexts(expected.map(([digest]) => digest))).toEqual(new Map(expected));
    const { rows } = await session.fetchDigests({});
    const read = rows.map(({ key, text }) => [key.slice(key.lastIndexOf('|') + 1), text] as const);
    expect(new Map(read)).toEqual(new Map(expected));
  });

  test('are read once for digests that several users run, and absent for unknown ones', async () => {
    admin.set('stats_mysql_query_digest', () => [
      digestRow({ digest: digestOf(1), user: 'a' }),
      digestRow({ digest: digestOf(1), user: 'b' }),
    ]);
    const texts = await session.fetchDigestTexts([digestOf(1), digestOf(1), digestOf(2), "0x' OR '1'='1"]);
    expect(texts).toEqual(new Map([[digestOf(1), 'SELECT ?']]));
  });

  test.each([1, 500, 501, 3_000])('of %i digests need one statement', async (size) => {
    admin.set('stats_mysql_query_digest', function* () {
      for (let i = 0; i < 4_000; i++) yield digestRow({ digest: digestOf(i), text: `SELECT ${i}` });
    });
    const before = admin.rebuilds('stats_mysql_query_digest');
    const digests = Array.from({ length: size }, (_, i) => digestOf(i));
    const texts = await session.fetchDigestTexts(digests);
    expect(texts).toEqual(new Map(digests.map((digest, i) => [digest, `SELECT ${i}`])));
    expect(admin.rebuilds('stats_mysql_query_digest') - before).toBe(1);
  });

  test('of no digests need none', async () => {
    expect(await session.fetchDigestTexts([])).toEqual(new Map());
    expect(admin.rebuilds('stats_mysql_query_digest')).toBe(0);
  });
});
