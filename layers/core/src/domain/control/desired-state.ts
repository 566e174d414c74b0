/** What operators want, in words that belong to no kind of proxy. A driver renders it into rows of its tables. */
export interface DesiredState {
  readonly namespace: NamespaceSpec;
  readonly accounts: readonly AccountSpec[];
  readonly servers: readonly ServerSpec[];
  /** Variables that somebody decided about, after inheritance; all others stay as they are. */
  readonly variables: readonly VariableSpec[];
}

export const PASSWORD_PLUGINS = ['mysql_native_password', 'caching_sha2_password'] as const;
export type PasswordPlugin = (typeof PASSWORD_PLUGINS)[number];

/** A password as it is kept: never in clear text. */
export interface PasswordHash {
  readonly plugin: PasswordPlugin;
  /** `*` and 40 hex digits, or `$A$005$` with salt and digest; the latter's salt has control characters. */
  readonly hash: string;
}

export interface AccountSpec {
  readonly username: string;
  readonly password: PasswordHash;
  readonly defaultHostgroup: number;
  readonly defaultSchema: string | null;
  readonly schemaLocked: boolean;
  readonly transactionPersistent: boolean;
  readonly fastForward: boolean;
  readonly maxConnections: number;
  readonly useSsl: boolean;
  /** `ro`: its writes are refused. */
  readonly access: 'rw' | 'ro';
  /** Addresses or networks (CIDR) that it may come from; empty: any. */
  readonly allowedIps: readonly string[];
  readonly active: boolean;
  readonly comment: string;
}

export interface NamespaceSpec {
  readonly name: string;
  readonly online: boolean;
  readonly readOnly: boolean;
  /** Empty: all. */
  readonly allowedSchemas: readonly string[];
  /** Empty: any. */
  readonly allowedIps: readonly string[];
  readonly slices: readonly Slice[];
  /** Name of a slice; `null`: none. */
  readonly defaultSlice: string | null;
  /** Reads outside of transactions go to the reader hostgroup. */
  readonly readWriteSplit: boolean;
  readonly deniedSql: readonly DeniedSql[];
  /** All limits: `null` for none. */
  readonly slowSqlMs: number | null;
  readonly maxExecutionMs: number | null;
  readonly maxResultRows: number | null;
  readonly maxClientConnections: number | null;
  readonly qpsLimit: number | null;
}

/** A database cluster with the hostgroups that stand for its roles. */
export interface Slice {
  readonly name: string;
  readonly writerHostgroup: number;
  readonly readerHostgroup: number;
  /** Id of a cluster of the database configuration service. */
  readonly cluster: string;
}

export interface DeniedSql {
  /** Exactly one of the two. */
  readonly digest?: string;
  /** A regular expression over the normalised statement, as the kind of proxy understands it (RE2 for ProxySQL). */
  readonly pattern?: string;
  /** `observe`: counted, not refused. */
  readonly mode: 'observe' | 'deny';
  readonly comment: string;
}

export interface ServerSpec {
  readonly hostgroup: number;
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly maxConnections: number;
  /** Seconds; 0: no limit. */
  readonly maxReplicationLagS: number;
  readonly useSsl: boolean;
  /** `draining`: running transactions end, no new ones begin. */
  readonly status: 'online' | 'draining' | 'offline';
  readonly comment: string;
}

export interface VariableSpec {
  readonly name: string;
  readonly value: string;
}
