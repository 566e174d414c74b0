import type { LabRuntime, RuntimeRule, RuntimeServer, RuntimeUser } from '../../contract.ts';
import { findTable } from '../storage/schema.ts';
import type { SqlRow, SqlValue } from '../storage/sql.ts';
import type { ConfigLayers } from './config-layers.ts';
import type { ModuleName } from './config-module.ts';

/** The runtime layer as the traffic side reads it; each list is made once per LOAD. */
export function createRuntimeView(layers: ConfigLayers): LabRuntime {
  const made = new Map<ModuleName, unknown>();
  layers.onLoaded((name) => made.delete(name));

  function list<T>(name: ModuleName, create: (record: RowRecord) => T | undefined): readonly T[] {
    const known = made.get(name);
    if (known !== undefined) return known as readonly T[];
    const rows = layers.module(name).runtime().get(`runtime_${name}`) ?? [];
    const items = rows.map((row) => create(recordOf(name, row))).filter((item) => item !== undefined);
    made.set(name, items);
    return items;
  }

  return {
    users: () => list('mysql_users', userOf),
    servers: () => list('mysql_servers', serverOf),
    rules: () => list('mysql_query_rules', ruleOf),
    variable: (name) => layers.variable(name),
    onLoaded(listener) {
      layers.onLoaded((name) => listener(HEARD_AS[name]));
    },
  };
}

const HEARD_AS = {
  admin_variables: 'variables',
  mysql_variables: 'variables',
  mysql_users: 'users',
  mysql_servers: 'servers',
  mysql_query_rules: 'rules',
  proxysql_servers: 'proxysql_servers',
} as const satisfies Record<ModuleName, string>;

type RowRecord = Readonly<Record<string, SqlValue>>;

function recordOf(table: string, row: SqlRow): RowRecord {
  const columns = findTable('main', table)?.columns ?? [];
  return Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null]));
}

const text = (value: SqlValue | undefined): string => (value === null || value === undefined ? '' : String(value));
const textOrNull = (value: SqlValue | undefined): string | null => (value === null ? null : text(value));
const numberOrNull = (value: SqlValue | undefined): number | null => (value === null ? null : Number(value));

function userOf(row: RowRecord): RuntimeUser | undefined {
  // Clients log in as the frontend half; the other half repeats it for the way to the back ends.
  if (Number(row.frontend) !== 1) return undefined;
  return {
    username: text(row.username),
    password: text(row.password),
    defaultHostgroup: Number(row.default_hostgroup),
    defaultSchema: textOrNull(row.default_schema),
    maxConnections: Number(row.max_connections),
    transactionPersistent: Number(row.transaction_persistent) === 1,
  };
}

function serverOf(row: RowRecord): RuntimeServer {
  return {
    hostgroup: Number(row.hostgroup_id),
    host: text(row.hostname),
    port: Number(row.port),
    status: text(row.status).toUpperCase(),
    weight: Number(row.weight),
    maxConnections: Number(row.max_connections),
  };
}

function ruleOf(row: RowRecord): RuntimeRule {
  return {
    ruleId: Number(row.rule_id),
    flagIn: Number(row.flagIN),
    flagOut: numberOrNull(row.flagOUT),
    clientAddress: textOrNull(row.client_addr),
    matchDigest: textOrNull(row.match_digest),
    matchPattern: textOrNull(row.match_pattern),
    caseless: /CASELESS/i.test(text(row.re_modifiers)),
    negate: Number(row.negate_match_pattern) === 1,
    username: textOrNull(row.username),
    schemaname: textOrNull(row.schemaname),
    digest: textOrNull(row.digest),
    destinationHostgroup: numberOrNull(row.destination_hostgroup),
    timeoutMs: numberOrNull(row.timeout),
    errorMessage: textOrNull(row.error_msg),
    apply: Number(row.apply) === 1,
  };
}
