import type { DigestTextOptions } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import type { LabRuntime } from '../contract.ts';

/** The runtime variables that the traffic side obeys, parsed once per LOAD. */
export interface PortSettings {
  readonly digestText: DigestTextOptions;
  readonly countDigests: boolean;
  readonly countCommands: boolean;
  readonly trackHostname: boolean;
  readonly longQueryTimeMs: number;
  readonly maxConnections: number;
  readonly maxAllowedPacket: number;
  readonly defaultSchema: string;
  readonly serverVersion: string;
  readonly lockOnUnknownSet: boolean;
  readonly showExtended: number;
  readonly connectTimeoutMs: number;
  readonly connectTimeoutMaxMs: number;
  readonly connectRetryDelayMs: number;
  readonly shunOnFailures: number;
  readonly shunRecoveryMs: number;
  readonly freeConnectionsPct: number;
  readonly maxStatementsPerConnection: number;
  readonly queryTimeoutMs: number;
  readonly queryRetries: number;
  readonly clientIdleMs: number;
  readonly transactionIdleMs: number;
  readonly transactionMs: number;
  readonly monitorEnabled: boolean;
  readonly monitorUser: string;
  readonly monitorPassword: string;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly pingMaxFailures: number;
}

export function readPortSettings(runtime: Pick<LabRuntime, 'variable'>): PortSettings {
  const text = (name: string): string => runtime.variable(`mysql-${name}`);
  const number = (name: string): number => Number(text(name)) || 0;
  const flag = (name: string): boolean => /^(?:true|1|on)$/i.test(text(name));
  return {
    digestText: {
      groupingLimit: number('query_digests_grouping_limit'),
      groupsGroupingLimit: number('query_digests_groups_grouping_limit'),
      maxDigestLength: number('query_digests_max_digest_length'),
      maxQueryLength: number('query_digests_max_query_length'),
      lowercase: flag('query_digests_lowercase'),
      noDigits: flag('query_digests_no_digits'),
      replaceNull: flag('query_digests_replace_null'),
    },
    countDigests: flag('query_digests'),
    countCommands: flag('commands_stats'),
    trackHostname: flag('query_digests_track_hostname'),
    longQueryTimeMs: number('long_query_time'),
    maxConnections: number('max_connections'),
    maxAllowedPacket: number('max_allowed_packet'),
    defaultSchema: text('default_schema'),
    serverVersion: text('server_version'),
    lockOnUnknownSet: flag('set_query_lock_on_hostgroup'),
    showExtended: number('show_processlist_extended'),
    connectTimeoutMs: number('connect_timeout_server'),
    connectTimeoutMaxMs: number('connect_timeout_server_max'),
    connectRetryDelayMs: number('connect_retries_delay'),
    shunOnFailures: number('shun_on_failures'),
    shunRecoveryMs: number('shun_recovery_time_sec') * 1000,
    freeConnectionsPct: number('free_connections_pct'),
    maxStatementsPerConnection: number('max_stmts_per_connection'),
    queryTimeoutMs: number('default_query_timeout'),
    queryRetries: number('query_retries_on_failure'),
    clientIdleMs: number('wait_timeout'),
    transactionIdleMs: number('max_transaction_idle_time'),
    transactionMs: number('max_transaction_time'),
    monitorEnabled: flag('monitor_enabled'),
    monitorUser: text('monitor_username'),
    monitorPassword: text('monitor_password'),
    pingIntervalMs: number('monitor_ping_interval'),
    pingTimeoutMs: number('monitor_ping_timeout'),
    pingMaxFailures: number('monitor_ping_max_failures'),
  };
}
