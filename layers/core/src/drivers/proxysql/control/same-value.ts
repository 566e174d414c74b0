import { hash } from 'node:crypto';
import type { ConfigTable, FieldValue } from '../../../domain/control/config-rows.ts';
import { parsePasswordForm, verifyPassword } from './password-hash.ts';

const columns = (names: string): ReadonlySet<string> => new Set(names.split(/\s+/));

/** Columns that ProxySQL takes for numbers. */
const NUMBERS: Readonly<Record<ConfigTable, ReadonlySet<string>>> = {
  users: columns(
    'active use_ssl default_hostgroup schema_locked transaction_persistent fast_forward backend frontend max_connections',
  ),
  servers: columns(
    'hostgroup_id port gtid_port weight compression max_connections max_replication_lag use_ssl max_latency_ms',
  ),
  replicationHostgroups: columns('writer_hostgroup reader_hostgroup'),
  rules: columns(
    'rule_id active flagIN proxy_port negate_match_pattern flagOUT destination_hostgroup cache_ttl cache_empty_result ' +
      'cache_timeout reconnect timeout retries delay next_query_flagIN mirror_flagOUT mirror_hostgroup sticky_conn ' +
      'multiplex gtid_from_hostgroup log apply',
  ),
  variables: columns(''),
};

/** Texts whose absence and emptiness mean the same. A message of a rule is not among them: an empty one still refuses. */
const EMPTY_IS_NULL: Readonly<Record<ConfigTable, ReadonlySet<string>>> = {
  users: columns('password default_schema attributes comment'),
  servers: columns('comment'),
  replicationHostgroups: columns('comment'),
  rules: columns('username schemaname client_addr proxy_addr digest match_digest match_pattern attributes comment'),
  variables: columns(''),
};

const CASELESS: Readonly<Record<ConfigTable, ReadonlySet<string>>> = {
  users: columns(''),
  servers: columns('status'),
  replicationHostgroups: columns('check_type'),
  rules: columns('digest re_modifiers'),
  variables: columns(''),
};

/** Whether two values of a column mean the same to ProxySQL. `variableType` is that of the variable a value belongs to. */
export function isSameValue(table: ConfigTable, field: string, one: FieldValue, other: FieldValue): boolean {
  if (one === other) return true;
  const column = field.replace(/^backend\./, '');
  const [a, b] = [one, other].map((value) => (EMPTY_IS_NULL[table].has(column) ? (value ?? '') : value));
  if (a === b) return true;
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  if (table === 'users' && column === 'password') return isSamePassword(a, b);
  if (table === 'variables') return isSameVariable(a, b);
  if (NUMBERS[table].has(column)) return isSameNumber(a, b);
  return CASELESS[table].has(column) && a.toLowerCase() === b.toLowerCase();
}

/**
 * Variables are told apart by their values alone: what looks like a flag on both sides is one (`1` never means a number where
 * the proxy prints `true`), what looks like a whole number on both sides is one.
 */
function isSameVariable(a: string, b: string): boolean {
  const [left, right] = [flagOf(a), flagOf(b)];
  const isFlag = [a, b].some((value) => /^(?:true|false)$/i.test(value));
  if (isFlag && left !== undefined) return left === right;
  return isSameNumber(a, b);
}

function flagOf(value: string): boolean | undefined {
  if (/^(?:true|1)$/i.test(value)) return true;
  return /^(?:false|0)$/i.test(value) ? false : undefined;
}

function isSameNumber(a: string, b: string): boolean {
  return [a, b].every((value) => /^-?\d{1,18}$/.test(value)) && BigInt(a) === BigInt(b);
}

/** Two hashes of one plugin, or a hash and the password that it is of. Hashes with different salts are different. */
function isSamePassword(a: string, b: string): boolean {
  const [left, right] = [parsePasswordForm(a), parsePasswordForm(b)];
  if (left.kind === 'hash' && right.kind === 'clear') return remembered(a, b, () => verifyPassword(left.password, b));
  if (left.kind === 'clear' && right.kind === 'hash') return remembered(b, a, () => verifyPassword(right.password, a));
  return left.kind === 'hash' && right.kind === 'hash' && left.password.hash === right.password.hash;
}

// Many proxies hold the same account, each comparison of salted hashes costs milliseconds, and none keeps a password.
const MAX_REMEMBERED = 10_000;
const verdicts = new Map<string, boolean>();

function remembered(stored: string, clearText: string, verify: () => boolean): boolean {
  const name = hash('sha256', JSON.stringify([stored, clearText]));
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  const verdict = verify();
  if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
  verdicts.set(name, verdict);
  return verdict;
}
