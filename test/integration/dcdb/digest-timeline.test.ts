import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StatsSpan } from '@proxywatch/core/domain/monitoring/stats-plan';
import { BUCKET_NAMES } from '@proxywatch/core/domain/monitoring/timeline';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import {
  fetchDigestName,
  fetchDigestTexts,
  fetchDigestTimeline,
  type TimelineQuestion,
} from '@proxywatch/core/drivers/dcdb/monitoring/digest-timeline';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { fc } from '../../support/properties.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './scan-batches.ts';
import { BEGIN_MS, END_MS, type StatsFact, writeStatsHistory } from './stats-history.ts';

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

const SPAN: StatsSpan = { fromMs: END_MS - 5 * HOUR_MS, toMs: END_MS };

function question(of: Partial<TimelineQuestion> = {}): TimelineQuestion {
  return { digest: '0x1', span: SPAN, namespaces: '*', ...of };
}

describe('the timeline of a digest', () => {
  test('has in each bucket what ran in it, of any span and bucket', async () => {
    const times = fc.integer({ min: -90, max: 6 * 24 * 60 });
    const scopes = fc.constantFrom<readonly string[] | '*'>('*', ['shop'], ['reporting'], []);
    const proxies = fc.constantFrom<readonly string[] | undefined>(undefined, ['p3'], ['p1', 'p4']);
    const buckets = fc.option(fc.constantFrom(...BUCKET_NAMES), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(times, times, buckets, scopes, proxies, async (a, b, bucket, namespaces, some) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
        const span = { fromMs: BEGIN_MS + from * MINUTE_MS, toMs: BEGIN_MS + to * MINUTE_MS };
        const timeline = await fetchDigestTimeline(db, question({ span, bucket, namespaces, proxies: some }));
        for (const { fromMs, toMs, ...sums } of timeline.points) {
          const ran = facts.filter(
            (fact) =>
              fact.digest === '0x1' &&
              fact.toMs > fromMs &&
              fact.toMs <= toMs &&
              (namespaces === '*' || namespaces.includes(fact.namespace)) &&
              (some?.includes(fact.proxy) ?? true),
          );
          const add = (key: 'executions' | 'timeUs' | 'rowsSent' | 'rowsAffected') =>
            ran.reduce((sum, fact) => sum + fact[key], 0);
          expect(sums).toEqual({
            executions: add('executions'),
            timeUs: add('timeUs'),
            rowsSent: add('rowsSent'),
            rowsAffected: add('rowsAffected'),
          });
        }
        expect([timeline.points[0]?.fromMs, timeline.points.at(-1)?.toMs]).toEqual([
          timeline.span.fromMs,
          timeline.span.toMs,
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test('is of the namespaces that are asked about', async () => {
    const name = await fetchDigestName(db, '0x1', ['reporting', 'none']);
    expect(name).toMatchObject({ digest: '0x1', text: 'select * from crm where n = 0x1', namespaces: ['reporting'] });
    expect(name!.lastSeenAt.getTime()).toBeGreaterThan(END_MS - DAY_MS);
    expect((await fetchDigestName(db, '0x1', '*'))!.namespaces).toEqual(['reporting', 'shop']);
    for (const [digest, namespaces] of [
      ['0x1', []],
      ['0x1', ['none']],
      ['0x99', '*'],
      ['', '*'],
    ] as const) {
      expect(await fetchDigestName(db, digest, namespaces)).toBeUndefined();
    }
  });
});

test('texts of digests are those that are known', async () => {
  expect(Object.fromEntries(await fetchDigestTexts(db, ['0x2', '0x99']))).toEqual({
    '0x2': 'select * from orders where n = 0x2',
  });
  expect(await fetchDigestTexts(db, [])).toEqual(new Map());
});
