import type { FieldSupport } from '../../../../ports/proxy-control.ts';

type Resource = FieldSupport['resource'];
type Entry = readonly [field: string, support: FieldSupport['support'], reason?: string];

const ACCOUNT: readonly Entry[] = [
  ['username', 'supported'],
  [
    'password',
    'lossy',
    'a caching_sha2_password hash is written as it is: the proxy can log in to back ends only after a client has logged in with the full password, and lets clients in only with mysql-default_authentication_plugin to match',
  ],
  ['defaultHostgroup', 'supported'],
  ['defaultSchema', 'supported'],
  ['schemaLocked', 'lossy', 'it is written; whether USE is then refused depends on the version of the proxy'],
  [
    'transactionPersistent',
    'lossy',
    'without it, and with readWriteSplit, reads inside of a transaction go to the reader hostgroup',
  ],
  [
    'fastForward',
    'lossy',
    'its sessions go past all query rules: read-only access, allowed addresses and schemas, denied statements and the splitting of reads do not hold for it',
  ],
  ['maxConnections', 'supported', 'of each proxy, not of all together'],
  ['useSsl', 'supported'],
  [
    'access',
    'lossy',
    'a statement is refused by its normalised text (its first 2,048 characters): what hides a write inside of a function gets through, so that rights on the back ends are the safer way',
  ],
  ['allowedIps', 'lossy', 'clients from elsewhere can log in, and each of their statements is refused'],
  ['active', 'supported', 'sessions that are connected stay until they are ended'],
  ['expiresAt', 'supported', 'it becomes inactive'],
  ['owner', 'supported', 'kept here, not on the proxy'],
  ['comment', 'supported'],
];

const NAMESPACE: readonly Entry[] = [
  ['name', 'supported', 'in comments and messages of query rules'],
  ['description', 'supported', 'kept here, not on the proxy'],
  ['online', 'lossy', 'clients can log in, and each of their statements is refused'],
  ['readOnly', 'lossy', ACCOUNT.find(([field]) => field === 'access')?.[2]],
  [
    'allowedSchemas',
    'lossy',
    'the schema that a session uses is looked at, not the tables that a statement names; USE and SET are let through',
  ],
  ['allowedIps', 'lossy', 'clients from elsewhere can log in, and each of their statements is refused'],
  [
    'slices',
    'supported',
    'a pair of hostgroups becomes a replication pair: the monitor of the proxy moves its servers by their read_only',
  ],
  ['defaultSlice', 'supported', 'kept here: each account names its own hostgroup'],
  [
    'readWriteSplit',
    'supported',
    'two query rules for each account whose default hostgroup is the writer of a slice; locking reads and all else go to the writer',
  ],
  [
    'deniedSql',
    'supported',
    'by digest, or by a regular expression over the normalised text (PCRE or RE2, as mysql-query_processor_regex says); observed statements are counted as hits of their rule',
  ],
  ['slowSqlMs', 'supported', 'as mysql-long_query_time'],
  ['maxExecutionMs', 'supported', 'the statement is killed at the back end, the client gets error 1907'],
  ['maxResultRows', 'unsupported', 'the proxy cannot end a result after so many rows'],
  ['maxClientConnections', 'lossy', 'as mysql-max_connections, of each proxy and not of all together'],
  ['qpsLimit', 'unsupported', 'the proxy can delay statements and bound connections, it cannot bound their rate'],
  ['owner', 'supported', 'kept here, not on the proxy'],
  ['tags', 'supported', 'kept here, not on the proxy'],
];

const SERVER: readonly Entry[] = [
  ['hostgroup', 'supported', 'the monitor may move it to the other hostgroup of its pair'],
  ['host', 'supported'],
  ['port', 'supported'],
  ['weight', 'supported'],
  ['maxConnections', 'supported', 'of each proxy, not of all together'],
  ['maxReplicationLagS', 'supported', 'looked at by the monitor of the proxy'],
  ['useSsl', 'supported'],
  [
    'status',
    'supported',
    'ONLINE, OFFLINE_SOFT while draining, OFFLINE_HARD; a LOAD puts shunned servers back until checks fail again',
  ],
  ['comment', 'supported'],
];

const VARIABLE: readonly Entry[] = [
  ['value', 'supported', 'read back after the LOAD, since the proxy refuses values without a word'],
];

/** Each field of each resource, and what ProxySQL makes of it. */
export const FIELDS: readonly FieldSupport[] = [
  ...table('account', ACCOUNT),
  ...table('namespace', NAMESPACE),
  ...table('server', SERVER),
  ...table('variable', VARIABLE),
];

export function fieldSupport(resource: Resource, field: string): FieldSupport | undefined {
  return FIELDS.find((entry) => entry.resource === resource && entry.field === field);
}

function table(resource: Resource, entries: readonly Entry[]): readonly FieldSupport[] {
  return entries.map(([field, support, reason]) => ({
    resource,
    field,
    support,
    ...(reason !== undefined && { reason }),
  }));
}
