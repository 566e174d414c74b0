import type { DatabaseSync } from 'node:sqlite';
import { type LabStats, MONITOR_TABLES, type Row, STATS_TABLES, type StatsTable } from '../../contract.ts';
import type { NodeView } from '../cluster/node-view.ts';
import type { ConfigLayers } from '../layers/config-layers.ts';
import { MODULES } from '../layers/config-module.ts';
import { RUNTIME_VARIABLES } from '../layers/variable-module.ts';
import { creationOf, findTable, type SchemaName, type TableDefinition } from '../storage/schema.ts';
import type { SqlRow } from '../storage/sql.ts';
import { createTableFiller } from '../storage/table-filler.ts';
import { shownServers } from './shown-servers.ts';

/**
 * Brings the tables up to date that a statement's text names. As in ProxySQL the text alone counts: names are found in
 * literals and comments too, but only in lower case (an upper-case name reads what the last refresh left), and a
 * `_reset` name empties the statistics even if the statement fails.
 */
export type Refresh = (text: string) => void;

/** Where rows come from that no layer of the configuration holds. */
export interface RefreshSources {
  /** `undefined` until the traffic side is there. */
  stats(): LabStats | undefined;
  nodes(): readonly NodeView[];
}

export function createRefresh(db: DatabaseSync, layers: ConfigLayers, sources: RefreshSources): Refresh {
  const filler = createTableFiller(db);

  function refreshStats(table: StatsTable, text: string, stats: LabStats): void {
    const twin = findTable('stats', `${table}_reset`);
    filler.fill(definition('stats', table), stats.rowsOf(table));
    if (twin === undefined || !text.includes(twin.name)) return;
    db.exec(`DELETE FROM stats.${twin.name}; INSERT INTO stats.${twin.name} SELECT * FROM stats.${table}`);
    stats.reset(table);
  }

  /** Tables of the monitor come and go with the monitor. */
  function refreshMonitor(table: TableDefinition, rows: Iterable<Row> | undefined): void {
    if (rows === undefined) {
      db.exec(`DROP TABLE IF EXISTS monitor.${table.name}`);
      return;
    }
    db.exec(creationOf(table));
    filler.fill(table, rows);
  }

  function runtimeRows(table: string): Iterable<SqlRow> {
    const stats = sources.stats();
    if (table === 'runtime_checksums_values') return layers.checksums.rows();
    const rows = MODULES.flatMap((name) => [...(layers.module(name).runtime().get(table) ?? [])]);
    return table === 'runtime_mysql_servers' && stats !== undefined ? shownServers(rows, stats) : rows;
  }

  return (text) => {
    const stats = sources.stats();
    if (stats !== undefined && text.includes('stats_')) {
      for (const table of STATS_TABLES) if (text.includes(table)) refreshStats(table, text, stats);
    }
    if (text.includes('stats_proxysql_servers_')) {
      const nodes = sources.nodes();
      filler.fill(
        definition('stats', CLUSTER_CHECKSUMS),
        nodes.flatMap((node) => node.checksumRows()),
      );
      filler.fill(
        definition('stats', CLUSTER_METRICS),
        nodes.map((node) => node.metricsRow()),
      );
    }
    if (text.includes('mysql_server_')) {
      for (const table of MONITOR_TABLES) {
        if (text.includes(table)) refreshMonitor(definition('monitor', table), stats?.monitorRows?.(table));
      }
    }
    if (text.includes('runtime_')) {
      for (const table of RUNTIME_TABLES) {
        if (text.includes(table)) filler.fill(definition('main', table), runtimeRows(table));
      }
    }
  };
}

const CLUSTER_CHECKSUMS = 'stats_proxysql_servers_checksums';
const CLUSTER_METRICS = 'stats_proxysql_servers_metrics';

const RUNTIME_TABLES = [
  'runtime_checksums_values',
  RUNTIME_VARIABLES,
  'runtime_mysql_query_rules',
  'runtime_mysql_replication_hostgroups',
  'runtime_mysql_servers',
  'runtime_mysql_users',
  'runtime_proxysql_servers',
];

function definition(schema: SchemaName, name: string): TableDefinition {
  const found = findTable(schema, name);
  if (found === undefined) throw new Error(`schema.sql lacks ${schema}.${name}`);
  return found;
}
