import type { Sample } from '../unit/functions/gateway/exposition/strict-parser.ts';
import { type DigestFixture, digestOf, digestRow, startStatsAdmin } from './stats-admin.ts';

interface CountedRow extends DigestFixture {
  readonly count: number;
  /** Uptime at which the row was born. */
  readonly bornS: number;
}

/** A proxy that runs statements when a test says so, and knows what ran over all its resets and restarts. */
export interface CountingProxy {
  readonly port: number;
  /** Everything that ever ran. */
  readonly total: number;
  /** Runs a digest so many times; a second passes. Fields given at its first time stay. */
  run(digest: number, times?: number, fields?: Partial<DigestFixture>): void;
  totalOf(digest: number): number;
  /** The table is emptied by somebody else. */
  reset(): void;
  restart(): void;
  /** Awaited before the digest table is read. */
  beforeRead: () => void;
  close(): Promise<void>;
}

export async function startCountingProxy(): Promise<CountingProxy> {
  const rows = new Map<number, CountedRow>();
  const totals = new Map<number, number>();
  let uptimeS = 1_000;
  const admin = await startStatsAdmin();
  admin.set('stats_mysql_global', () => [['ProxySQL_Uptime', String(uptimeS)]]);
  admin.set('stats_mysql_query_digest', () => {
    proxy.beforeRead();
    return [...rows.values()].map((row) => digestRow({ ...row, bornAgoS: uptimeS - row.bornS }));
  });
  const proxy: CountingProxy = {
    port: admin.port,
    get total() {
      return [...totals.values()].reduce((sum, count) => sum + count, 0);
    },
    run(digest, times = 1, fields = {}) {
      uptimeS++;
      const row = rows.get(digest) ?? { digest: digestOf(digest), count: 0, bornS: uptimeS, ...fields };
      const count = row.count + times;
      rows.set(digest, { ...row, count, timeUs: 100 * count, sent: count });
      totals.set(digest, (totals.get(digest) ?? 0) + times);
    },
    totalOf: (digest) => totals.get(digest) ?? 0,
    reset() {
      // Longer than the jitter of times of birth, which hides what happens within two seconds.
      uptimeS += 5;
      rows.clear();
    },
    restart() {
      uptimeS = 1;
      rows.clear();
    },
    beforeRead: () => undefined,
    close: () => admin.close(),
  };
  return proxy;
}

/** What a scrape shows of one proxy's executions: those of all, and the sum over digests with the remainder. */
export function executionsOf(samples: readonly Sample[], proxyId: string) {
  const valuesOf = (name: string) =>
    samples
      .filter((sample) => sample.name === name && sample.labels.proxy === proxyId)
      .map(({ value }) => Number(value));
  const digests = valuesOf('dbproxy_sql_executions_total');
  return {
    up: valuesOf('dbproxy_up')[0],
    all: valuesOf('dbproxy_sql_all_executions_total')[0],
    digests: digests.length === 0 ? undefined : digests.reduce((sum, value) => sum + value, 0),
  };
}

/** What `executionsOf` gives when everything is right. */
export function complete(proxy: Pick<CountingProxy, 'total'>) {
  return { up: 1, all: proxy.total, digests: proxy.total };
}

export const WITHHELD = { up: 1, all: undefined, digests: undefined };
export const DOWN = { up: 0, all: undefined, digests: undefined };
