/**
 * Side by side with Prometheus' own exporter of statement statistics: 20,000 digests each, 5 % of which were executed since
 * the last scrape, all exported, scraped whole and compressed. prometheus-mysqld-exporter reads a real MariaDB; our gateway
 * reads a proxy and keeps its history in Redis. Costs are those of the exporting process, per exported series.
 */
import { createPool, type Pool } from 'mysql2/promise';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { startRedis } from '../../infra/local/services/redis.ts';
import { startGatewayProcess } from './harness/gateway.ts';
import { startLab } from './harness/lab.ts';
import { startMysqldExporter } from './harness/mysqld-exporter.ts';
import { cpuMsOf, peakRssDuring, rssBytesOf } from './harness/process-usage.ts';
import { type BenchResult, compare } from './harness/result.ts';
import { samplesOf, scrape } from './harness/scrape.ts';

const DIGESTS = 20_000;
const ACTIVE = DIGESTS / 20;
const OUR_ROUNDS = { warmUp: 12, measured: 30 };
const THEIR_ROUNDS = { warmUp: 2, measured: 4 };
const CONNECTIONS = 8;

interface Cost {
  readonly cpuUs: number;
  readonly rssBytes: number;
}

export async function peerMysqldExporter(): Promise<BenchResult[]> {
  const ours = await measureGateway();
  const theirs = await measureMysqldExporter();
  return [
    compare('peer-mysqld-exporter-cpu', ours.cpuUs, theirs.cpuUs, 'µs CPU per series'),
    compare('peer-mysqld-exporter-memory', ours.rssBytes, theirs.rssBytes, 'bytes per series'),
  ];
}

async function measureGateway(): Promise<Cost> {
  const lab = await startLab(1, DIGESTS);
  const redis = await startRedis();
  const gateway = await startGatewayProcess(redis.url, 2 * DIGESTS);
  try {
    const idleBytes = rssBytesOf(gateway.pid);
    await gateway.watch(lab.ports);
    return await costPerSeries(gateway.pid, idleBytes, `${gateway.url}/metrics`, OUR_ROUNDS, {
      counter: 'dbproxy_sql_executions_total',
      execute: () => lab.touch(ACTIVE),
    });
  } finally {
    await gateway.stop();
    await redis.stop();
    await lab.stop();
  }
}

async function measureMysqldExporter(): Promise<Cost> {
  const mariadb = await startMariadb({
    args: ['--performance-schema=ON', `--performance-schema-digests-size=${2 * DIGESTS}`],
  });
  // The exporter leaves the server's own schemas out.
  const uri = mariadb.adminUrl.replace(/[^/]*$/, 'proxywatch');
  const pool = createPool({ uri, connectionLimit: CONNECTIONS });
  try {
    await execute(pool, DIGESTS);
    const [rows] = await pool.query(
      'SELECT COUNT(*) AS digests FROM performance_schema.events_statements_summary_by_digest',
    );
    const digests = Array.isArray(rows) && rows[0] !== undefined && 'digests' in rows[0] ? Number(rows[0].digests) : 0;
    if (digests < DIGESTS) throw new Error(`MariaDB has ${digests} digests instead of ${DIGESTS}`);
    const exporter = await startMysqldExporter(mariadb.adminUrl, DIGESTS);
    try {
      return await costPerSeries(exporter.pid, rssBytesOf(exporter.pid), `${exporter.url}/metrics`, THEIR_ROUNDS, {
        counter: 'mysql_perf_schema_events_statements_total',
        execute: () => execute(pool, ACTIVE),
      });
    } finally {
      await exporter.stop();
    }
  } finally {
    await pool.end();
    await mariadb.stop();
  }
}

async function costPerSeries(
  pid: number,
  idleBytes: number,
  url: string,
  rounds: { readonly warmUp: number; readonly measured: number },
  { counter, execute }: { readonly counter: string; readonly execute: () => Promise<void> },
): Promise<Cost> {
  for (let i = 0; i < rounds.warmUp; i++) {
    await execute();
    await scrape(url);
  }
  const beforeMs = cpuMsOf(pid);
  const peakBytes = await peakRssDuring(pid, async () => {
    for (let i = 0; i < rounds.measured; i++) {
      await execute();
      await scrape(url);
    }
  });
  const cpuMs = (cpuMsOf(pid) - beforeMs) / rounds.measured;
  const samples = samplesOf((await scrape(url)).text());
  const digests = samples.filter(({ name }) => name === counter).length;
  if (digests < DIGESTS) throw new Error(`${url} exports ${digests} digests instead of ${DIGESTS}`);
  if (process.env.BENCH_DETAILS !== undefined) {
    console.error({ url, cpuMs, series: samples.length, idleBytes, peakBytes, rss: rssBytesOf(pid) });
  }
  return { cpuUs: (cpuMs * 1_000) / samples.length, rssBytes: (peakBytes - idleBytes) / samples.length };
}

/** Executes the first statements of an endless list once, each a digest of its own. */
async function execute(pool: Pool, statements: number): Promise<void> {
  const queue = Array.from({ length: statements }, (_, i) => i).values();
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    for (const i of queue) {
      await pool.query(
        `SELECT ${i} AS order_id_${i}, 'x' AS customer_name_${i}, 5 AS quantity_${i}, 'new' AS status LIMIT 10`,
      );
    }
  });
  await Promise.all(workers);
}

if (import.meta.main) console.table(await peerMysqldExporter());
