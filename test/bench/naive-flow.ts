import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { Gauge, Registry } from 'prom-client';

/**
 * What an exporter without any of our ideas does per scrape: read the whole table, set every series, render all of them,
 * compress that.
 */
export interface NaiveFlow {
  /** Collects from one proxy and gives its exposition, compressed. */
  scrape(proxy: number): Promise<Buffer>;
  /** Longest delay of this process' event loop since the last call, measured as the gateway does. */
  takeLongestBlockMs(): number;
  close(): Promise<void>;
}

const COLUMNS = {
  dbproxy_sql_executions_total: 'count_star',
  dbproxy_sql_duration_seconds_total: 'sum_time',
  dbproxy_sql_rows_sent_total: 'sum_rows_sent',
  dbproxy_sql_rows_affected_total: 'sum_rows_affected',
} as const;
const LABELS = ['proxy', 'namespace', 'hostgroup', 'schema', 'user', 'digest'] as const;
const DETAILS = [
  ['stats_mysql_connection_pool', ['hostgroup', 'srv_host', 'srv_port', 'status']],
  ['stats_mysql_commands_counters', ['Command']],
] as const;

const compress = promisify<string, Buffer>(gzip);

/** Opens one connection with mysql2's defaults and one prom-client registry per admin port. */
export async function openNaiveFlow(ports: readonly number[]): Promise<NaiveFlow> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const exporters = await Promise.all(ports.map(openExporter));
  return {
    async scrape(proxy) {
      const exporter = exporters[proxy];
      if (exporter === undefined) throw new RangeError(`no proxy ${proxy}`);
      return compress(await exporter.render());
    },
    takeLongestBlockMs() {
      const longest = delay.max / 1e6;
      delay.reset();
      return longest;
    },
    async close() {
      delay.disable();
      await Promise.all(exporters.map((exporter) => exporter.connection.end()));
    },
  };
}

async function openExporter(port: number, index: number) {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'stats', password: 'stats' });
  const registry = new Registry();
  const registers = [registry];
  const common = { proxy: `proxy-${index}`, namespace: 'bench' };
  const digestGauges = Object.entries(COLUMNS).map(
    ([name, column]) => [new Gauge({ name, help: 'SQL by digest.', labelNames: LABELS, registers }), column] as const,
  );
  const detailGauges = new Map<string, Gauge>();

  async function collectDigests(): Promise<void> {
    for (const row of await rowsOf(connection, 'stats_mysql_query_digest')) {
      const { hostgroup, schemaname: schema, username: user, digest } = row;
      const labels = { ...common, hostgroup, schema, user, digest };
      for (const [gauge, column] of digestGauges) {
        gauge.set(labels, column === 'sum_time' ? Number(row[column]) / 1e6 : Number(row[column]));
      }
    }
  }

  /** Every other column of the table is a gauge: as many series as the gateway has of them. */
  async function collectDetails([table, keys]: (typeof DETAILS)[number]): Promise<void> {
    for (const row of await rowsOf(connection, table)) {
      if (row.Total_cnt === '0') continue;
      const labels = { ...common, ...Object.fromEntries(keys.map((key) => [key, row[key]])) };
      for (const [column, value] of Object.entries(row)) {
        if (!keys.some((key) => key === column))
          detailGauge(table, column, Object.keys(labels)).set(labels, Number(value));
      }
    }
  }

  function detailGauge(table: string, column: string, labelNames: readonly string[]): Gauge {
    const name = `${table}_${column}`;
    const gauge = detailGauges.get(name) ?? new Gauge({ name, help: column, labelNames, registers });
    detailGauges.set(name, gauge);
    return gauge;
  }

  return {
    connection,
    async render(): Promise<string> {
      await collectDigests();
      for (const detail of DETAILS) await collectDetails(detail);
      return registry.metrics();
    },
  };
}

async function rowsOf(connection: Connection, table: string): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM ${table}`);
  return rows;
}
