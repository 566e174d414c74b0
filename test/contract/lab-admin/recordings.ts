import { readFileSync } from 'node:fs';

/** One statement sent to a real ProxySQL 2.7.2 and what it answered. */
export interface Recorded {
  readonly sql: string;
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly ok?: {
    readonly affectedRows: number;
    readonly info: string;
    readonly warnings: number;
    readonly status: number;
  };
  readonly error?: RecordedError;
}

export interface RecordedError {
  readonly errno: number;
  readonly code: string;
  readonly sqlState: string;
  readonly message: string;
}

type ManagementSection =
  | 'greeting_and_functions'
  | 'errors'
  | 'users'
  | 'users_update_delete'
  | 'variables'
  | 'servers'
  | 'commands';

export const MANAGEMENT = read('management') as Readonly<Record<ManagementSection, readonly Recorded[]>> & {
  readonly protocol: {
    readonly execute: Omit<RecordedError, 'message'> & { readonly msg: string };
  };
  readonly connections: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
/** What SHOW PROMETHEUS METRICS printed. */
export const METRICS = readFileSync(
  new URL('../recordings/lab-admin/show-prometheus-metrics.prom', import.meta.url),
  'utf8',
);
export const SAMPLES = read('samples') as Readonly<Record<string, Recorded>>;
export const TABLES = read('tables') as Readonly<
  Record<'main' | 'stats' | 'monitor' | 'disk' | 'stats_history', readonly string[]>
> & { readonly version: Recorded };
export const ESCAPING = read('escaping-and-statistics-user') as {
  readonly placeholders: Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>> & {
    readonly 'mysql2 placeholder with quote': { readonly errno: number; readonly msg: string };
  };
  readonly 'statistics user': readonly Recorded[];
};
export const DIGEST_STATEMENTS = read('digest-statements') as readonly (Recorded & {
  readonly step: string;
  /** COUNT(*) of the table right after. */
  readonly after?: string;
})[];
/** runtime_mysql_servers of a server with a client on it. */
export const SERVERS_LIVE = read('servers-live') as Readonly<
  Record<'OFFLINE_SOFT' | 'OFFLINE_HARD', readonly Readonly<Record<string, string>>[]>
>;

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../recordings/lab-admin/${name}.json`, import.meta.url), 'utf8'));
}
