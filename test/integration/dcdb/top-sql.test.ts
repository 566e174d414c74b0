import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StatsSpan } from '@proxywatch/core/domain/monitoring/stats-plan';
import {
  STATS_DIMENSIONS,
  STATS_METRICS,
  type StatsDimension,
  type StatsFilter,
  type StatsSums,
  sumsWithout,
  type TopSqlQuestion,
  tellsErrors,
} from '@proxywatch/core/domain/monitoring/top-sql';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { fetchTopSql } from '@proxywatch/core/drivers/dcdb/monitoring/top-sql';
import { maintainScanTables } from '@proxywatch/core/drivers/dcdb/scan/maintain-scan-tables';
import { sql } from 'kysely';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { fc } from '../../support/properties.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './scan-batches.ts';
import { BEGIN_MS, END_MS, RETENTION, type StatsFact, writeStatsHistory } from './stats-history.ts';

let server: MariadbService;
let db: Dcdb;
let facts: readonly StatsFact[];

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url, { queryTimeoutMs: 60_000 });
  await migrateDcdb(db);
  facts = await writeStatsHistory(db);
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

const DAY: StatsSpan = { fromMs: END_MS - DAY_MS, toMs: END_MS };
const ALL: StatsFilter = { namespaces: '*' };

function question(of: Partial<TopSqlQuestion> = {}): TopSqlQuestion {
  return { span: DAY, filter: ALL, groupBy: ['digest'], sort: 'time', limit: 200, offset: 0, ...of };
}

const NAMED: readonly StatsDimension[] = ['digest', 'schema', 'user', 'hostgroup'];

function matches(fact: StatsFact, { namespaces, proxies, digests, schemas, users, hostgroups }: StatsFilter): boolean {
  return (
    (namespaces === '*' || namespaces.includes(fact.namespace)) &&
    (proxies?.includes(fact.proxy) ?? true) &&
    (digests?.includes(fact.digest) ?? true) &&
    (schemas?.includes(fact.schema) ?? true) &&
    (users?.includes(fact.user) ?? true) &&
    (hostgroups?.includes(fact.hostgroup) ?? true)
  );
}

/** The sums of a span as the rows that were written have them. */
function truth({ groupBy, filter }: TopSqlQuestion, { fromMs, toMs }: StatsSpan) {
  const hasErrors = tellsErrors({ groupBy, filter });
  const sums = (rows: readonly StatsFact[]): StatsSums => {
    const add = (key: 'executions' | 'timeUs' | 'rowsSent' | 'rowsAffected' | 'errors') =>
      rows.reduce((sum, row) => sum + row[key], 0);
    return {
      executions: add('executions'),
      timeUs: add('timeUs'),
      rowsSent: add('rowsSent'),
      rowsAffected: add('rowsAffected'),
      errors: hasErrors ? add('errors') : undefined,
    };
  };
  const isCounted = (fact: StatsFact) =>
    fact.toMs > fromMs && fact.toMs <= toMs && matches(fact, filter) && (hasErrors || fact.errors === 0);
  const counted = facts.filter(isCounted);
  const isUnnamed = ({ digest, errors }: StatsFact) =>
    digest === '' && errors === 0 && groupBy.some((name) => NAMED.includes(name));
  const groups = Map.groupBy(
    counted.filter((fact) => !isUnnamed(fact)),
    (fact) => JSON.stringify(groupBy.map((name) => fact[name])),
  );
  return {
    total: sums(counted),
    unnamed: sums(counted.filter(isUnnamed)),
    groups: new Map([...groups].map(([key, rows]) => [key, sums(rows)])),
  };
}

const spans = fc
  .tuple(fc.integer({ min: -60, max: 6 * 24 * 60 }), fc.integer({ min: 1, max: 6 * 24 * 60 }))
  .map(([from, length]) => ({
    fromMs: BEGIN_MS + from * MINUTE_MS,
    toMs: Math.min(END_MS + 30 * MINUTE_MS, BEGIN_MS + (from + length) * MINUTE_MS),
  }))
  .filter(({ fromMs, toMs }) => fromMs < toMs);
const some = (values: readonly string[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
const filters = fc.record({
  namespaces: fc.oneof(
    fc.constant('*' as const),
    fc.constant(['shop']),
    fc.constant(['reporting']),
    fc.constant(['shop', 'reporting', 'none']),
  ),
  proxies: some(['p1', 'p3', 'p4', 'nobody']),
  digests: fc.option(fc.constant(['0x1', '0x3B', '0x5']), { nil: undefined, freq: 4 }),
  schemas: fc.option(fc.constant(['crm']), { nil: undefined, freq: 4 }),
  users: fc.option(fc.constant(['batch']), { nil: undefined, freq: 4 }),
  hostgroups: fc.option(fc.constant(['10']), { nil: undefined, freq: 4 }),
});
const groupings = fc.shuffledSubarray([...STATS_DIMENSIONS], { minLength: 1, maxLength: 3 });

describe('top SQL', () => {
  test('of any span, by any names, has the sums of what was written, group by group', async () => {
    await fc.assert(
      fc.asyncProperty(
        spans,
        filters,
        groupings,
        fc.constantFrom(...STATS_METRICS),
        async (span, filter, groupBy, sort) => {
          const asked = question({ span, filter, groupBy, sort });
          const answer = await fetchTopSql(db, asked);
          const expected = truth(asked, answer.span);
          const groups = new Map(
            answer.groups.map(({ names, sums }) => [JSON.stringify(groupBy.map((name) => names[name])), sums]),
          );
          expect(Object.fromEntries(groups)).toEqual(Object.fromEntries(expected.groups));
          expect(answer).toMatchObject({ total: expected.total, unnamed: expected.unnamed, groupCount: groups.size });
          expect(sumsWithout(answer.total, [...groups.values()])).toEqual(answer.unnamed);
          // Exact at both ends as far as rows of intervals are kept, and never less than was asked for.
          const keptMs = Math.floor(END_MS / DAY_MS) * DAY_MS - 2 * DAY_MS;
          if (answer.parts.length > 0) {
            expect(answer.span.fromMs <= span.fromMs && answer.span.toMs >= span.toMs).toBe(true);
            if (span.fromMs >= keptMs) expect(answer.span).toEqual(span);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('compared with another span has both sums of each group, and how many are new or gone', async () => {
    await fc.assert(
      fc.asyncProperty(spans, spans, filters, groupings, async (span, compareWith, filter, groupBy) => {
        const asked = question({ span, compareWith, filter, groupBy });
        const answer = await fetchTopSql(db, asked);
        const [now, before] = [truth(asked, answer.span), truth(asked, answer.before!.span)];
        expect(answer.total).toEqual(now.total);
        expect(answer.before!.total).toEqual(before.total);
        const keys = new Set([...now.groups.keys(), ...before.groups.keys()]);
        expect(new Set(answer.groups.map(({ names }) => JSON.stringify(groupBy.map((name) => names[name]))))).toEqual(
          keys,
        );
        const none = truth({ ...asked, span }, { fromMs: 0, toMs: 0 }).total;
        for (const { names, sums, before: sumsBefore } of answer.groups) {
          const key = JSON.stringify(groupBy.map((name) => names[name]));
          expect([sums, sumsBefore]).toEqual([now.groups.get(key) ?? none, before.groups.get(key) ?? none]);
        }
        const gone = [...before.groups.keys()].filter((key) => !now.groups.has(key)).length;
        const born = [...now.groups.keys()].filter((key) => !before.groups.has(key)).length;
        expect(answer.before!.counts).toEqual({ gone, new: born, kept: keys.size - gone - born });
      }),
      { numRuns: 60 },
    );
  });

  test('lists the greatest first, page after page, with the same totals on each', async () => {
    const whole = await fetchTopSql(db, question({ groupBy: ['digest', 'proxy'] }));
    const pages = [];
    for (let offset = 0; offset < 100; offset += 4) {
      const page = await fetchTopSql(db, question({ groupBy: ['digest', 'proxy'], limit: 4, offset }));
      expect([page.total, page.groupCount]).toEqual([whole.total, whole.groupCount]);
      pages.push(...page.groups);
    }
    expect(pages).toEqual(whole.groups);
    const times = whole.groups.map(({ sums }) => Number(sums.timeUs));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    const means = (await fetchTopSql(db, question({ sort: 'mean' }))).groups.map(
      ({ sums }) => Number(sums.timeUs) / Number(sums.executions),
    );
    expect(means).toEqual(means.toSorted((a, b) => b - a));
  });

  test('lists what is new, or gone, by itself', async () => {
    const spanBefore = { fromMs: END_MS - 3 * DAY_MS, toMs: END_MS - 2 * DAY_MS };
    const gone = await fetchTopSql(db, question({ compareWith: spanBefore, change: 'gone' }));
    expect(gone.groups.map(({ names }) => names.digest)).toEqual(['0x3']);
    expect(gone.groups[0]).toMatchObject({ sums: { executions: 0 }, before: { executions: expect.any(Number) } });
    const born = await fetchTopSql(db, question({ compareWith: spanBefore, change: 'new' }));
    expect(born.groups.map(({ names }) => names.digest)).toEqual(['0x3B']);
    expect(born.groupCount).toBe(1);
  });

  test('finds digests by their text, in which only the stars of the pattern are special', async () => {
    const found = async (textLike: string) =>
      (await fetchTopSql(db, question({ filter: { ...ALL, textLike } }))).groups.map(({ names }) => names.digest);
    expect((await found('% from orders %')).toSorted()).toEqual(['0x2', '0x4']);
    expect(await found('%n = 0x3B')).toEqual(['0x3B']);
    expect(await found('%n = 0x3')).toEqual([]);
    expect(await found('%!%%')).toEqual([]);
    expect(await found(`' or 1=1 -- `)).toEqual([]);
  });

  test('is exact beyond 2^53', async () => {
    const big = '18446744073709551000';
    await sql`insert into sql_series (id, namespace, digest, hostgroup, schema_name, user_name, first_seen_at, last_seen_at)
      values (18446744073709551615, 'huge', '0xF', '1', 's', 'u', now(), now())`.execute(db);
    await sql`insert into scan_proxies (namespace, proxy, first_seen_at, last_seen_at)
      values ('huge', 'h1', ${new Date(END_MS)}, ${new Date(END_MS)})`.execute(db);
    for (const minutes of [1, 2]) {
      await sql`insert into sql_stats (proxy, to_at, series_id, from_at, executions, time_us, rows_sent, rows_affected)
        values ('h1', ${new Date(END_MS - minutes * MINUTE_MS)}, 18446744073709551615, ${new Date(END_MS - HOUR_MS)}, ${big}, 3, 9007199254740993, 0)`.execute(
        db,
      );
    }
    await sql`insert into sql_stats_dirty (level, to_at, proxy)
      values ('hour', ${new Date(Math.ceil(END_MS / HOUR_MS) * HOUR_MS)}, 'h1')`.execute(db);
    const { groups, total } = await fetchTopSql(db, question({ filter: { namespaces: ['huge'] } }));
    const sums = { executions: '36893488147419102000', timeUs: 6, rowsSent: '18014398509481986', rowsAffected: 0 };
    expect(groups).toMatchObject([{ names: { digest: '0xF' }, sums }]);
    expect(total).toMatchObject(sums);
  });

  test('is the same while hours and days are summed up, over and over', async () => {
    const span = { fromMs: END_MS - 2 * DAY_MS, toMs: END_MS };
    const asked = question({ span, filter: { namespaces: ['shop', 'reporting'] } });
    const expected = truth(asked, span).total;
    let isOver = false;
    const summing = (async () => {
      for (let round = 0; round < 6; round++) {
        await sql`insert into sql_stats_dirty (level, to_at, proxy)
          select distinct 'hour', to_at, proxy from sql_stats_hour where to_at > ${new Date(span.fromMs)}
          on duplicate key update proxy = values(proxy)`.execute(db);
        await maintainScanTables(db, { nowMs: END_MS + HOUR_MS, retention: RETENTION });
      }
      isOver = true;
    })();
    let count = 0;
    for (; !isOver; count++) expect((await fetchTopSql(db, asked)).total).toEqual(expected);
    await summing;
    expect(count).toBeGreaterThan(5);
  });

  test('of nothing is nothing', async () => {
    const none = { executions: 0, timeUs: 0, rowsSent: 0, rowsAffected: 0, errors: undefined };
    for (const filter of [
      { namespaces: [] },
      { namespaces: ['none'] },
      { ...ALL, proxies: [] },
      { ...ALL, schemas: [] },
    ]) {
      expect(await fetchTopSql(db, question({ filter }))).toMatchObject({ groups: [], total: none, groupCount: 0 });
    }
    const future = { fromMs: END_MS + DAY_MS, toMs: END_MS + 2 * DAY_MS };
    expect(await fetchTopSql(db, question({ span: future }))).toMatchObject({ groups: [], total: none });
    expect(await fetchTopSql(db, question({ filter: { namespaces: ['shop'] }, offset: 10_000 }))).toMatchObject({
      groups: [],
      groupCount: 5,
    });
  });

  test('ends with the signal, and with STORE_UNAVAILABLE when the DCDB is away', async () => {
    await expect(fetchTopSql(db, question(), AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    const away = createDcdb('mysql://proxywatch:proxywatch@127.0.0.1:1/proxywatch');
    await expect(fetchTopSql(away, question())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', service: 'dcdb' });
    await away.destroy();
  });
});
