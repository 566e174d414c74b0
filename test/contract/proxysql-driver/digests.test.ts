import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeDigestKey } from '../../../layers/core/src/domain/digests/digest-key.ts';
import type { ProxySession } from '../../../layers/core/src/ports/proxy-driver.ts';
import { openSession } from '../../support/proxysql-session.ts';
import { digestOf, digestRow, type StatsAdmin, startStatsAdmin } from '../../support/stats-admin.ts';

const UPTIME_S = 1_000;
let admin: StatsAdmin;
let session: ProxySession;

beforeEach(async () => {
  admin = await startStatsAdmin({ uptimeS: UPTIME_S });
  session = await openSession(admin.port);
});
afterEach(async () => {
  await session.close();
  await admin.close();
});

const keyOf = (digest: string, identity = {}) =>
  encodeDigestKey({ hostgroup: '10', schema: 'shop', user: 'app', clientAddress: '', digest, ...identity });

describe('a read of the digest table', () => {
  test('of an empty table has no rows, sums of zero and no oldest row', async () => {
    expect(await session.fetchDigests({})).toMatchObject({
      kind: 'full',
      uptimeS: UPTIME_S,
      tableRows: 0,
      tableSums: { executions: 0, timeUs: 0, rowsAffected: 0, rowsSent: 0 },
      oldestFirstSeenS: undefined,
      rows: [],
    });
  });

  test('has every row with its text when it is a full one, and the sums of the table', async () => {
    admin.set('stats_mysql_query_digest', () => [
      digestRow({ digest: digestOf(1), text: 'SELECT 1', count: 3, timeUs: 20, affected: 4, sent: 5, bornAgoS: 700 }),
      digestRow({ digest: digestOf(2), hostgroup: -1, count: 4_294_967_295, timeUs: 2 ** 53 - 21, seenAgoS: 600 }),
    ]);
    const read = await session.fetchDigests({});
    expect(read).toMatchObject({
      tableRows: 2,
      tableSums: { executions: 4_294_967_298, timeUs: 2 ** 53 - 1, rowsAffected: 4, rowsSent: 6 },
    });
    expect(read.rows).toEqual([
      {
        key: keyOf(digestOf(1)),
        counters: { executions: 3, timeUs: 20, rowsAffected: 4, rowsSent: 5 },
        firstSeenS: read.oldestFirstSeenS,
        lastSeenS: expect.any(Number),
        text: 'SELECT 1',
      },
      {
        key: keyOf(digestOf(2), { hostgroup: '-1' }),
        counters: { executions: 4_294_967_295, timeUs: 2 ** 53 - 21, rowsAffected: 0, rowsSent: 1 },
        firstSeenS: expect.any(Number),
        lastSeenS: expect.any(Number),
        text: 'SELECT ?',
      },
    ]);
    expect(Math.abs(read.proxyNowS - 700 - (read.oldestFirstSeenS ?? 0))).toBeLessThanOrEqual(1);
    expect(Math.abs(read.proxyNowS - 600 - (read.rows[1]?.lastSeenS ?? 0))).toBeLessThanOrEqual(1);
  });

  test('has the rows that may have changed since an uptime, with three seconds of slack, and sums of all', async () => {
    // Uptime 1,000 read from 990: ten seconds passed, so rows up to 13 seconds old may have changed.
    admin.set('stats_mysql_query_digest', () =>
      [0, 12, 14, 600].map((seenAgoS) => digestRow({ digest: digestOf(seenAgoS), bornAgoS: 900, seenAgoS, count: 10 })),
    );
    const read = await session.fetchDigests({ sinceUptimeS: 990 });
    expect(read).toMatchObject({ kind: 'changed', tableRows: 4, tableSums: { executions: 40 } });
    expect(read.rows.map(({ key }) => key)).toEqual([keyOf(digestOf(0)), keyOf(digestOf(12))]);
  });

  test('has the texts of newborn rows only when it is no full one', async () => {
    admin.set('stats_mysql_query_digest', () => [
      digestRow({ digest: digestOf(1), text: 'old', bornAgoS: 14 }),
      digestRow({ digest: digestOf(2), text: 'newborn', bornAgoS: 12 }),
      digestRow({ digest: digestOf(3), text: '', bornAgoS: 0 }),
    ]);
    const { rows } = await session.fetchDigests({ sinceUptimeS: 990 });
    expect(rows.map(({ text }) => text)).toEqual([undefined, 'newborn', '']);
  });

  test('has rows that seem to be of the future, as after a step of the clock during the read', async () => {
    admin.set('stats_mysql_query_digest', () => [
      digestRow({ digest: digestOf(1), bornAgoS: -3_600, seenAgoS: -3_600 }),
    ]);
    expect((await session.fetchDigests({ sinceUptimeS: 990 })).rows).toHaveLength(1);
  });

  test('after a restart of the proxy, when its uptime fell, has no row and still says so', async () => {
    admin.set('stats_mysql_query_digest', () => [digestRow({ digest: digestOf(1), bornAgoS: 5, seenAgoS: 5 })]);
    const read = await session.fetchDigests({ sinceUptimeS: UPTIME_S + 50 });
    expect(read).toMatchObject({ uptimeS: UPTIME_S, tableRows: 1, rows: [] });
  });

  test('keeps rows apart whose names contain separators, quotes, emoji and NUL', async () => {
    const names = ['a|b', 'a', '|', "it's", '\x1e\x1f', 'a\0b', '😀', '\\', '\n', ''];
    const identities = names.flatMap((schema) => names.map((user) => ({ schema, user, client: `${user}|${schema}` })));
    admin.set('stats_mysql_query_digest', () =>
      identities.map((identity, i) => digestRow({ ...identity, digest: digestOf(1), count: i })),
    );
    const { rows } = await session.fetchDigests({ sinceUptimeS: 990 });
    const counted = new Map(rows.map(({ key, counters }) => [key, counters.executions]));
    const expected = identities.map(
      ({ client, ...rest }, i) => [keyOf(digestOf(1), { ...rest, clientAddress: client }), i] as const,
    );
    expect(counted).toEqual(new Map(expected));
  });

  test('names the table once, so that the proxy rebuilds it once; connecting does not at all', async () => {
    expect(admin.rebuilds('stats_mysql_query_digest')).toBe(0);
    await session.fetchDigests({ sinceUptimeS: 990 });
    expect(admin.rebuilds('stats_mysql_query_digest')).toBe(1);
  });

  test('of 100,000 digests with texts of 2,048 characters arrives whole, in one answer of more than 100 MB', async () => {
    const size = 100_000;
    const text = 'SELECT something FROM a_table WHERE '.padEnd(2_048, 'x');
    admin.set('stats_mysql_query_digest', function* () {
      for (let i = 0; i < size; i++)
        yield digestRow({ digest: digestOf(i), text, count: i, seenAgoS: i < 100 ? 0 : 400 });
    });
    const full = await session.fetchDigests({ withExtremes: true });
    expect(full.rows).toHaveLength(size);
    expect(full.tableSums.executions).toBe((size * (size - 1)) / 2);
    expect(new Set(full.rows.map((row) => row.text))).toEqual(new Set([text.slice(0, 512)]));
    const changed = await session.fetchDigests({ sinceUptimeS: 990 });
    expect(changed.rows).toHaveLength(100);
    expect(changed.tableSums).toEqual(full.tableSums);
    const rows = await session.fetchDigests({});
    expect(rows.rows).toHaveLength(size);
    expect(new Set(rows.rows.map((row) => row.text))).toEqual(new Set([undefined]));
  });

  test('of a table that is too large to be read whole brings its sums, and of changed rows all', async () => {
    const size = 200_001;
    admin.set('stats_mysql_query_digest', function* () {
      for (let i = 0; i < size; i++) yield digestRow({ digest: digestOf(i), count: 1, seenAgoS: i < 100 ? 0 : 400 });
    });
    const full = await session.fetchDigests({});
    expect([full.rows.length, full.tableRows, full.tableSums.executions]).toEqual([0, size, size]);
    expect((await session.fetchDigests({ sinceUptimeS: 990 })).rows).toHaveLength(100);
  });
});
