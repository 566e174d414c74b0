import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { openAdminInterface } from '../../../infra/local/lab/admin/admin-interface.ts';
import type { Row, StatsTable } from '../../../infra/local/lab/contract.ts';
import {
  createProxysqlControl,
  type ProxysqlControlOptions,
} from '../../../layers/core/src/drivers/proxysql/control/create-control.ts';
import type { ControlSession } from '../../../layers/core/src/ports/proxy-control.ts';
import { proxyAt } from '../../support/proxysql-session.ts';

const ADMIN = { user: 'admin', password: 'admin' };

/** A lab proxy's admin interface, an operator's own connection to it, and the driver's session. */
export interface ControlLab {
  readonly port: number;
  readonly session: ControlSession;
  /** Another operator: rows of a statement as text. */
  ask(statement: string): Promise<readonly (readonly (string | null)[])[]>;
  setStats(table: StatsTable, rows: () => Iterable<Row>): void;
  /** Statuses that the monitor sees, by host. */
  readonly monitored: Map<string, string>;
  /** Sessions that were ended. */
  readonly killed: readonly number[];
  connect(options?: ProxysqlControlOptions): Promise<ControlSession>;
  close(): Promise<void>;
}

export async function startControlLab(firstRun: readonly string[] = []): Promise<ControlLab> {
  const dataDir = mkdtempSync(join(tmpdir(), 'control-lab-'));
  const tables = new Map<StatsTable, () => Iterable<Row>>([
    ['stats_mysql_global', () => [['ProxySQL_Uptime', '1000']]],
  ]);
  const monitored = new Map<string, string>();
  const killed: number[] = [];
  const admin = openAdminInterface({ dataDir, firstRun, log: () => undefined });
  const { port } = await admin.listen({
    host: '127.0.0.1',
    port: 0,
    stats: {
      rowsOf: (table) => tables.get(table)?.() ?? [],
      reset: () => 0,
      monitoredStatus: (_hostgroup, host) => monitored.get(host),
      killSession(id) {
        const isThere = [...(tables.get('stats_mysql_processlist')?.() ?? [])].some((row) => Number(row[1]) === id);
        if (isThere && !killed.includes(id)) return killed.push(id) > 0;
        return false;
      },
      onRulesLoaded: () => undefined,
    },
  });
  const operator = await openOperator(port);
  const connect = (options: ProxysqlControlOptions = {}) =>
    createProxysqlControl(options).connect(proxyAt(port), ADMIN, { timeoutMs: 10_000 });
  const session = await connect();
  return {
    port,
    session,
    monitored,
    killed,
    connect,
    setStats: (table, rows) => tables.set(table, rows),
    async ask(statement) {
      const [rows] = await operator.query({
        sql: statement,
        rowsAsArray: true,
        typeCast: (field) => field.string('utf8'),
      });
      return Array.isArray(rows) ? (rows as (string | null)[][]) : [];
    },
    async close() {
      await session.close();
      await operator.end();
      await admin.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

function openOperator(port: number): Promise<Connection> {
  return createConnection({ host: '127.0.0.1', port, ...ADMIN });
}
