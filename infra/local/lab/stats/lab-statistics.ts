import type { LabRuntime, LabStats, MonitorTable, Row, StatsTable } from '../contract.ts';
import { type LabClock, systemClock } from './clock.ts';
import { CommandsCounters } from './commands-counters.ts';
import { DigestTable } from './digest-table.ts';
import { ErrorTable } from './error-table.ts';
import { type GlobalGauges, GlobalStatus } from './global-status.ts';
import { LaggedCounters } from './lagged-counters.ts';
import { MessageMetrics } from './message-metrics.ts';
import { ServerErrors } from './server-errors.ts';

/** What only the running traffic port knows: sessions, pool and monitor as they are now. */
export interface LiveState {
  processlist(): Iterable<Row>;
  connectionPool(): Iterable<Row>;
  /** Zeroes the pool's counters; answers how many rows there were. */
  resetConnectionPool(): number;
  freeConnections(): Iterable<Row>;
  userConnections(): ReadonlyMap<string, number>;
  gauges(): GlobalGauges;
  monitoredStatus(hostgroup: number, host: string, port: number): string | undefined;
  monitorRows(table: MonitorTable): Iterable<Row> | undefined;
  killSession(sessionId: number): boolean;
}

/** All statistics of one lab proxy: the traffic port counts in, the admin interface reads out. */
export interface LabStatistics extends LabStats {
  readonly clock: LabClock;
  readonly digests: DigestTable;
  readonly errors: ErrorTable;
  readonly serverErrors: ServerErrors;
  readonly messages: MessageMetrics;
  readonly commands: CommandsCounters;
  readonly globals: GlobalStatus;
  countRuleHit(ruleId: number): void;
  /** The traffic port that runs now; `undefined` when there is none. */
  attach(live: LiveState | undefined): void;
  /** Forgets everything but the uptime, as PROXYSQL STOP does. */
  forget(): void;
}

/** Statistics without traffic answer too: a benchmark of the admin interface seeds `digests` and needs nothing else. */
export function createLabStatistics(
  runtime: Pick<LabRuntime, 'users' | 'rules'>,
  clock: LabClock = systemClock,
): LabStatistics {
  const startedUs = clock.monotonicUs();
  const digests = new DigestTable(clock);
  const errors = new ErrorTable(clock);
  const serverErrors = new ServerErrors();
  const messages = new MessageMetrics(clock);
  const commands = new CommandsCounters(clock);
  const globals = new GlobalStatus();
  const ruleHits = new LaggedCounters<number>(clock, 1);
  let live: LiveState | undefined;

  const uptimeSeconds = (): number => Math.floor((clock.monotonicUs() - startedUs) / 1e6);

  const tables: Readonly<Record<StatsTable, () => Iterable<Row>>> = {
    stats_mysql_commands_counters: () => commands.rows(),
    stats_mysql_connection_pool: () => live?.connectionPool() ?? [],
    stats_mysql_errors: () => errors.rows(),
    stats_mysql_free_connections: () => live?.freeConnections() ?? [],
    stats_mysql_global: () => globals.rows({ ...live?.gauges(), ProxySQL_Uptime: uptimeSeconds() }),
    stats_mysql_processlist: () => live?.processlist() ?? [],
    stats_mysql_query_digest: () => digests.rows(),
    stats_mysql_query_rules: () => runtime.rules().map(({ ruleId }): Row => [ruleId, ruleHits.shown(ruleId)[0] ?? 0]),
    stats_mysql_users: () => {
      const connections = live?.userConnections();
      return runtime.users().map((user): Row => {
        return [user.username, connections?.get(user.username) ?? 0, user.maxConnections];
      });
    },
    stats_proxysql_message_metrics: () => messages.rows(),
  };

  return {
    clock,
    digests,
    errors,
    serverErrors,
    messages,
    commands,
    globals,
    countRuleHit: (ruleId) => ruleHits.add(ruleId, 0, 1),
    attach(state) {
      live = state;
    },
    forget() {
      for (const counted of [commands, globals, ruleHits, serverErrors]) counted.clear();
      for (const table of [digests, errors, messages]) table.reset();
      live?.resetConnectionPool();
    },
    rowsOf: (table) => tables[table](),
    reset(table) {
      if (table === 'stats_mysql_query_digest') return digests.reset();
      if (table === 'stats_mysql_errors') return errors.reset();
      if (table === 'stats_proxysql_message_metrics') return messages.reset();
      if (table === 'stats_mysql_connection_pool') return live?.resetConnectionPool() ?? 0;
      return 0;
    },
    monitoredStatus: (hostgroup, host, port) => live?.monitoredStatus(hostgroup, host, port),
    metrics: () => (live === undefined ? undefined : serverErrors.print()),
    monitorRows: (table) => live?.monitorRows(table),
    killSession: (sessionId) => live?.killSession(sessionId) ?? false,
    onRulesLoaded: () => ruleHits.clear(),
  };
}
