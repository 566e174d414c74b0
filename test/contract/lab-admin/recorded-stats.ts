import {
  type LabStats,
  MONITOR_TABLES,
  type MonitorTable,
  type Row,
  STATS_TABLES,
  type StatsTable,
} from '../../../infra/local/lab/contract.ts';
import { METRICS, SAMPLES } from './recordings.ts';

/** The traffic side as a bag of rows: what a real proxy had counted when it was recorded. */
export interface RecordedStats extends LabStats {
  readonly tables: Map<StatsTable, Row[]>;
  readonly monitor: Map<MonitorTable, Row[]>;
  /** Servers that the monitor found dead, as `hostgroup host port status`. */
  readonly statuses: Map<string, string>;
  readonly killed: number[];
  rulesLoaded: number;
}

export function createRecordedStats(): RecordedStats {
  const sampleOf = (name: string): Row[] => [...(SAMPLES[name]?.rows ?? [])];
  const tables = new Map(STATS_TABLES.map((table) => [table, sampleOf(table)]));
  const monitor = new Map(MONITOR_TABLES.map((table) => [table, sampleOf(`monitor.${table}`)]));
  const statuses = new Map<string, string>();
  const stats: RecordedStats = {
    tables,
    monitor,
    statuses,
    killed: [],
    rulesLoaded: 0,
    rowsOf: (table) => tables.get(table) ?? [],
    reset(table) {
      const rows = tables.get(table) ?? [];
      tables.set(table, []);
      return rows.length;
    },
    monitoredStatus: (hostgroup, host, port) => statuses.get(`${hostgroup} ${host} ${port}`),
    monitorRows: (table) => monitor.get(table),
    metrics: () => METRICS,
    killSession: (id) => stats.killed.push(id) > 0 && id < 1000,
    onRulesLoaded() {
      stats.rulesLoaded++;
    },
  };
  return stats;
}
