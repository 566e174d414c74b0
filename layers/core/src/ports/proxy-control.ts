import type {
  ConfigLayer,
  ConfigModule,
  ConfigRow,
  ConfigSnapshot,
  ConfigTable,
  FieldValue,
  LayerRows,
  RowWrite,
} from '../domain/control/config-rows.ts';
import type { DesiredState } from '../domain/control/desired-state.ts';
import type { Credential, RegisteredProxy } from '../domain/proxy.ts';
import type { ClusterPeer, ModuleChecksum } from '../domain/proxy-state.ts';
import type { ConnectOptions } from './proxy-driver.ts';

/** Changes one kind of proxy. Another kind is another driver; what it cannot take is said as data. */
export interface ProxyControl {
  readonly kind: string;
  readonly fields: readonly FieldSupport[];
  readonly variables: VariableCatalogue;
  /** The rows that would make a proxy what is wanted, and what they cannot express. Pure. */
  render(desired: DesiredState): RenderedConfig;
  /** Whether two values of a field mean the same: a password and its hash, `1` and `true`. */
  isSame(table: ConfigTable, field: string, wanted: FieldValue, found: FieldValue): boolean;
  /** Whether a row lies where Proxywatch alone writes (its own range of rule ids). */
  isOwn(table: ConfigTable, key: string): boolean;
  /** Fields that are never shown: passwords, and the values of secret variables. */
  isSecret(table: ConfigTable, key: string, field: string): boolean;
  /** Fields of runtime that the proxy's monitors change by themselves; a difference there is nobody's edit. */
  isMonitored(table: ConfigTable, field: string, memory: FieldValue, runtime: FieldValue): boolean;
  /**
   * Whether it is nobody's edit that only one of the two layers has the row: LOAD leaves it in memory (an inactive user or
   * rule, a server that is off), or the monitor moved it between a writer hostgroup and its readers. `memory` may be what
   * was read or what is wanted there, with all columns; whole tables of the row's module.
   */
  isAbsenceExpected(table: ConfigTable, key: string, memory: LayerRows, runtime: LayerRows): boolean;
  /**
   * What on a proxy stands in the way of the rows that are wanted of it, in words for a plan: rules of others that come first,
   * settings without which a rule does not hold. `found`: its memory, as far as it was read. @default none
   */
  cautionsOf?(wanted: LayerRows, found: LayerRows): readonly string[];
  /** A row in words: `user app`, `server db-1:3306 in hostgroup 10`. Without secrets. */
  nameOf(table: ConfigTable, key: string): string;
  /** Opens one connection with a credential that may change the proxy. Rejects with PROXY_* errors; bounded by `timeoutMs`. */
  connect(proxy: RegisteredProxy, credential: Credential, options: ConnectOptions): Promise<ControlSession>;
}

/**
 * One connection, one statement at a time: calls queue behind each other. Errors and aborts as those of a ProxySession: a
 * statement that the proxy refused is PROXY_STATEMENT and leaves the session usable, anything else closes it.
 */
export interface ControlSession {
  readonly version: string;
  readonly closed: boolean;
  /** Whole tables of these modules in these layers. */
  fetchConfig(
    modules: readonly ConfigModule[],
    layers: readonly ConfigLayer[],
    signal?: AbortSignal,
  ): Promise<ConfigSnapshot>;
  fetchFacts(signal?: AbortSignal): Promise<ControlFacts>;
  /** Changes memory only, all of it or nothing of it. */
  write(writes: readonly RowWrite[], signal?: AbortSignal): Promise<void>;
  /** Makes the module's tables in memory exactly these rows: the way back to a pre-image. */
  replace(module: ConfigModule, rows: LayerRows, signal?: AbortSignal): Promise<void>;
  /** Memory to runtime, the whole module. */
  load(module: ConfigModule, signal?: AbortSignal): Promise<void>;
  /** Memory to disk, the whole module. */
  save(module: ConfigModule, signal?: AbortSignal): Promise<void>;
  fetchHealth(signal?: AbortSignal): Promise<HealthReading>;
  /** Ends the sessions of a user; answers how many. */
  killSessions(username: string, signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

export interface ControlFacts {
  readonly uptimeS: number;
  readonly checksums: readonly ModuleChecksum[];
  /** Others that pull this proxy's configuration and whose configuration it pulls; empty: it stands alone. */
  readonly clusterPeers: readonly ClusterPeer[];
}

/** Counters since the proxy started; compared before and after a change. */
export interface HealthReading {
  readonly uptimeS: number;
  readonly accessDenied: number;
  readonly backendConnectionsFailed: number;
  /** Errors that back ends answered. */
  readonly backendErrors: number;
  readonly queries: number;
  readonly clientConnections: number;
  readonly servers: readonly {
    readonly hostgroup: string;
    readonly host: string;
    readonly port: number;
    readonly status: string;
  }[];
}

export interface RenderedConfig {
  /** Tables that the desired state decides about; `rows` have the fields that it decides about. */
  readonly tables: Readonly<Partial<Record<ConfigTable, readonly ConfigRow[]>>>;
  readonly notes: readonly FieldNote[];
}

/** What a rendering cannot express, for the plan. */
export interface FieldNote {
  /** What it is about: `account app`, `namespace shop`. */
  readonly subject: string;
  readonly field: string;
  readonly support: 'lossy' | 'unsupported';
  readonly reason: string;
}

export interface FieldSupport {
  readonly resource: 'account' | 'namespace' | 'server' | 'variable';
  readonly field: string;
  readonly support: 'supported' | 'lossy' | 'unsupported';
  /** Why not wholly, or what it becomes. */
  readonly reason?: string;
}

export interface VariableCatalogue {
  readonly all: readonly VariableDefinition[];
  find(name: string): VariableDefinition | undefined;
  /** What is wrong with a value; `undefined`: nothing that is known beforehand. */
  problemOf(name: string, value: string): string | undefined;
}

export interface VariableDefinition {
  readonly name: string;
  readonly type: 'boolean' | 'integer' | 'string';
  /** Of an integer, inclusive. */
  readonly range?: readonly [least: number, most: number];
  readonly default: string;
  /** Takes effect after a restart only. */
  readonly needsRestart: boolean;
  readonly isSecret: boolean;
  /** Its change may lock everybody out (admin credentials, interfaces, cluster settings): needs `admin` and a reason. */
  readonly isGuarded: boolean;
  /** Cannot be changed at all, or is left alone by Proxywatch, with the reason. */
  readonly refusal?: string;
}
