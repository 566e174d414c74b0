import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAdminInterface } from '../../infra/local/lab/admin/admin-interface.ts';
import type { Row, StatsTable } from '../../infra/local/lab/contract.ts';

/** A lab proxy's admin interface over statistics that a test sets. */
export interface StatsAdmin {
  readonly port: number;
  /** The rows of a table, asked for at each statement that names it. */
  set(table: StatsTable, rows: () => Iterable<Row>): void;
  /** How often each table was rebuilt because a statement named it. */
  rebuilds(table: StatsTable): number;
  close(): Promise<void>;
}

export interface StatsAdminOptions {
  readonly uptimeS?: number;
  readonly version?: string;
}

export async function startStatsAdmin({ uptimeS = 1_000, version }: StatsAdminOptions = {}): Promise<StatsAdmin> {
  const dataDir = mkdtempSync(join(tmpdir(), 'stats-admin-'));
  const tables = new Map<StatsTable, () => Iterable<Row>>([
    ['stats_mysql_global', () => [['ProxySQL_Uptime', String(uptimeS)]]],
  ]);
  const rebuilds = new Map<StatsTable, number>();
  const admin = openAdminInterface({ dataDir, ...(version !== undefined && { version }), log: () => undefined });
  const { port } = await admin.listen({
    host: '127.0.0.1',
    port: 0,
    stats: {
      rowsOf(table) {
        rebuilds.set(table, (rebuilds.get(table) ?? 0) + 1);
        return tables.get(table)?.() ?? [];
      },
      reset: () => 0,
      monitoredStatus: () => undefined,
      killSession: () => false,
      onRulesLoaded: () => undefined,
    },
  });
  return {
    port,
    set: (table, rows) => tables.set(table, rows),
    rebuilds: (table) => rebuilds.get(table) ?? 0,
    async close() {
      await admin.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

export interface DigestFixture {
  readonly hostgroup?: number;
  readonly schema?: string;
  readonly user?: string;
  readonly client?: string;
  readonly digest: string;
  readonly text?: string;
  readonly count?: number;
  readonly timeUs?: number;
  readonly affected?: number;
  readonly sent?: number;
  /** Seconds since the row was born and since it last changed. */
  readonly bornAgoS?: number;
  readonly seenAgoS?: number;
}

/** A row of stats_mysql_query_digest, its times computed now as the proxy does at each read. */
export function digestRow(fixture: DigestFixture): Row {
  const { hostgroup = 10, schema = 'shop', user = 'app', client = '', digest, text = 'SELECT ?' } = fixture;
  const { count = 1, timeUs = 100, affected = 0, sent = 1, bornAgoS = 500, seenAgoS = 0 } = fixture;
  const nowS = Math.floor(Date.now() / 1_000);
  const times = [nowS - bornAgoS, nowS - seenAgoS, timeUs, 1, timeUs];
  return [hostgroup, schema, user, client, digest, text, count, ...times, affected, sent];
}

export const digestOf = (n: number): string => `0x${n.toString(16).toUpperCase().padStart(16, '0')}`;
