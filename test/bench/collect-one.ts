/**
 * What one run of all collectors costs: a proxy with 10,000 digests, 5 % of which were executed since the last run. Ours:
 * everything from the lease to the last sink, with a real Redis, MariaDB and Kafka broker. Baseline: reading the tables that
 * the collectors need whole, with mysql2 as it comes, and doing nothing with them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { parseCollectConfig } from '../../functions/scanner/collect/config.ts';
import { openCollect } from '../../functions/scanner/collect/deps.ts';
import { migrate } from '../../infra/local/migrate.ts';
import { startKafka } from '../../infra/local/services/kafka.ts';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { COLLECTORS } from '../../layers/core/src/domain/scan/collectors.ts';
import type { CollectRequest } from '../../layers/core/src/ports/collect-invoker.ts';
import { type Lab, RECORDED_TEXT_LENGTH, startLab } from './harness/lab.ts';
import { ownCpuMsOf } from './harness/process-usage.ts';
import { type BenchResult, compare, median } from './harness/result.ts';

const DIGESTS = 10_000;
const ACTIVE = DIGESTS / 20;
const OUR_ROUNDS = { warmUp: 100, measured: 30 };
const THEIR_ROUNDS = { warmUp: 10, measured: 10 };
/** One sample of the processlist is taken; the baseline reads it once as well. */
const WINDOW_MS = 1;
const TIME_LIMIT_MS = 20_000;
const TABLES = [
  'stats_mysql_query_digest',
  'stats_mysql_global',
  'stats_mysql_connection_pool',
  'stats_mysql_commands_counters',
  'stats_mysql_errors',
  'stats_mysql_users',
  'stats_mysql_processlist',
  'stats_proxysql_message_metrics',
];

export async function collectOne(): Promise<BenchResult[]> {
  const lab = await startLab(1, DIGESTS, RECORDED_TEXT_LENGTH);
  try {
    const ours = await measureOurs(lab);
    const theirs = await measureTheirs(lab);
    return [compare('collect-one', ours, theirs, 'ms CPU')];
  } finally {
    await lab.stop();
  }
}

async function measureOurs(lab: Lab): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'proxywatch-collect-one-'));
  const [redis, mariadb, kafka] = await Promise.all([startRedis(), startMariadb(), startKafka()]);
  try {
    await migrate({ DCDB_URL: mariadb.url }, () => undefined);
    const credentials = join(dir, 'credentials.json');
    writeFileSync(credentials, JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
    const config = parseCollectConfig({
      REDIS_URL: redis.url,
      DCDB_URL: mariadb.url,
      KAFKA_BROKERS: kafka.url,
      PROXY_CREDENTIALS_FILE: credentials,
    });
    const problems: string[] = [];
    const note = (event: string, fields?: object) => void problems.push(`${event} ${JSON.stringify(fields)}`);
    const collect = openCollect(config, { info: () => undefined, warn: note, error: note });
    try {
      return await medianCpuMs(OUR_ROUNDS, lab, async () => {
        const report = await collect.collect(requestFor(lab), new AbortController().signal, Date.now() + TIME_LIMIT_MS);
        const failed = report.proxies[0]?.collectors.filter(({ problem }) => problem) ?? [];
        if (report.proxies[0]?.outcome !== 'collected' || failed.length > 0) {
          throw new Error(`a run failed: ${JSON.stringify(report)} ${problems.join('; ')}`);
        }
      });
    } finally {
      await collect.close();
    }
  } finally {
    await Promise.all([redis.stop(), mariadb.stop(), kafka.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}

function requestFor(lab: Lab): CollectRequest {
  const proxy = {
    id: 'proxy-0',
    kind: 'proxysql',
    namespace: 'bench',
    adminHost: '127.0.0.1',
    adminPort: lab.ports[0] ?? 0,
    adminTls: false,
    statsCredentialRef: 'stats',
  };
  return { version: 1, tickMs: Date.now(), windowMs: WINDOW_MS, proxies: [{ proxy, collectors: [...COLLECTORS] }] };
}

async function measureTheirs(lab: Lab): Promise<number> {
  const port = lab.ports[0] ?? 0;
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'stats', password: 'stats' });
  try {
    return await medianCpuMs(THEIR_ROUNDS, lab, async () => {
      for (const table of TABLES) await connection.query(`SELECT * FROM ${table}`);
    });
  } finally {
    await connection.end();
  }
}

/** Medians of rounds that pay for their own garbage, on both sides. */
async function medianCpuMs(
  { warmUp, measured }: { readonly warmUp: number; readonly measured: number },
  lab: Lab,
  run: () => Promise<void>,
): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < warmUp + measured; round++) {
    await lab.touch(ACTIVE);
    costs.push(await ownCpuMsOf(run));
  }
  return median(costs.slice(warmUp));
}

if (import.meta.main) console.table(await collectOne());
