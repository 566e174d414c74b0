import type { SqlStatsRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createDcdbSink } from '@proxywatch/core/drivers/dcdb/scan/dcdb-sink';
import { maintainScanTables } from '@proxywatch/core/drivers/dcdb/scan/maintain-scan-tables';
import { DEFAULT_RETENTION } from '@proxywatch/core/drivers/dcdb/scan/retention';
import { batchOf, DAY_MS, errorsOf, HOUR_MS, MINUTE_MS, statsOf } from './scan-batches.ts';

/** Where the history ends: within an hour, and within a day. */
export const END_MS = Date.UTC(2026, 10, 20, 15, 40);
export const BEGIN_MS = END_MS - 6 * DAY_MS;
export const RETENTION = { ...DEFAULT_RETENTION, minuteDays: 2, hourDays: 4 };
const STEP_MS = 20 * MINUTE_MS;
/** Proxies by namespace; p3 moves from shop to reporting. */
const MOVE_MS = END_MS - 3 * DAY_MS + 7 * HOUR_MS;

export interface StatsFact {
  readonly proxy: string;
  readonly namespace: string;
  readonly toMs: number;
  readonly digest: string;
  readonly schema: string;
  readonly user: string;
  readonly hostgroup: string;
  readonly executions: number;
  readonly timeUs: number;
  readonly rowsSent: number;
  readonly rowsAffected: number;
  readonly errors: number;
}

/** Interval rows and errors of six days, written as the scanner writes them and summed up as they would be; and the truth. */
export async function writeStatsHistory(db: Dcdb): Promise<readonly StatsFact[]> {
  const sink = createDcdbSink(db);
  const facts: StatsFact[] = [];
  const write = async (proxy: string, atMs: number, late = 0) => {
    const namespace = proxy === 'p4' || (proxy === 'p3' && atMs > MOVE_MS) ? 'reporting' : 'shop';
    const rows = factsOf(proxy, namespace, atMs, late);
    facts.push(...rows);
    const stats = rows.filter(({ errors }) => errors === 0).map(recordOf);
    await sink.write(batchOf(stats, { observedAtMs: atMs }));
    const errors = rows.filter(({ errors }) => errors > 0);
    const records = errors.map((fact, i) =>
      errorsOf(`${proxy}-${atMs}-${i}`, {
        ...{ proxy, namespace, toMs: atMs, fromMs: atMs - STEP_MS, count: fact.errors },
        ...{ user: fact.user, schema: fact.schema, hostgroup: fact.hostgroup },
      }),
    );
    if (records.length > 0) await sink.write(batchOf(records, { observedAtMs: atMs }));
  };
  const proxies = ['p1', 'p2', 'p3', 'p4'];
  await maintainScanTables(db, { nowMs: BEGIN_MS });
  for (let atMs = BEGIN_MS + STEP_MS; atMs <= END_MS; atMs += STEP_MS) {
    await Promise.all(proxies.map((proxy) => write(proxy, atMs)));
  }
  await maintainScanTables(db, { nowMs: END_MS, retention: RETENTION });
  // What comes late leaves hours, and their days, to be summed up anew.
  await write('p2', END_MS - 26 * HOUR_MS - 7 * MINUTE_MS, 1);
  await write('p1', END_MS - 5 * HOUR_MS - 7 * MINUTE_MS, 1);
  return facts;
}

function factsOf(proxy: string, namespace: string, toMs: number, late: number): StatsFact[] {
  const seed = Math.floor(toMs / MINUTE_MS) * 7 + Number(proxy.slice(1)) * 13;
  const base = { proxy, namespace, toMs, errors: 0 };
  const named = [1, 2, 3, 4, 5]
    .filter((n) => (seed + n) % 4 !== 0)
    .map((n) => ({
      ...base,
      digest: `0x${n}${toMs < BEGIN_MS + 2 * DAY_MS ? 'A' : ''}${n === 3 && toMs > END_MS - DAY_MS ? 'B' : ''}`,
      schema: n % 2 === 0 ? 'orders' : 'crm',
      user: n === 5 ? 'batch' : 'app',
      hostgroup: n === 1 ? '20' : '10',
      executions: (seed % 17) + n,
      timeUs: ((seed * n) % 9973) + 1 + late,
      rowsSent: seed % (n + 3),
      rowsAffected: seed % (n + 1),
    }));
  const nobody = { digest: '', schema: '', user: '', hostgroup: '' };
  const rest = { ...base, ...nobody, executions: seed % 5, timeUs: seed % 991, rowsSent: 1, rowsAffected: 0 };
  const silent = { executions: 0, timeUs: 0, rowsSent: 0, rowsAffected: 0 };
  const failed = { ...base, ...nobody, ...silent, schema: 'crm', user: 'app', hostgroup: '10', errors: 1 + (seed % 3) };
  return [...named, rest, ...(seed % 6 === 0 ? [failed] : [])];
}

function recordOf({ digest, schema, user, hostgroup, errors: _, ...fact }: StatsFact): SqlStatsRecord {
  const names = { digest, schema, user, hostgroup, text: `select * from ${schema} where n = ${digest}` };
  return statsOf(digest === '' ? undefined : digest, fact.toMs, {
    ...fact,
    fromMs: fact.toMs - STEP_MS,
    ...(digest !== '' && { digest: { ...names, minTimeUs: 3, maxTimeUs: 900 } }),
  });
}
