import { ProxywatchError } from '../../domain/errors.ts';
import { type Part, unionStatement } from './parts.ts';
import { quoteSqlite } from './quoting.ts';

/**
 * Every statement the driver sends. ProxySQL's admin interface is SQLite behind the MySQL protocol, and a strict guest
 * is a safe one: no placeholders (clients escape them in MySQL's way, which SQLite reads as an injection), one statement
 * at a time, table names in lower case (in upper case the proxy does not refresh the table).
 */
export const VERSION = 'SELECT @@version';

export const BACKENDS_LIMIT = 10_000;
export const ERRORS_LIMIT = 10_000;
export const USERS_LIMIT = 10_000;

/** Between the fields of a packed row, and between packed rows. Neither can occur in hex, digits, `|` or `0x…`. */
export const FIELD_SEPARATOR = 31;
export const ROW_SEPARATOR = 30;
/** Stands for a text that was left out; no hex. */
export const NO_TEXT = '-';

/** Characters of a digest text that are read. */
export const TEXT_CHARACTERS = 512;

/** A larger table is not read whole: its rows would take hundreds of megabytes on their way, here and at the proxy. */
export const MAX_WHOLE_TABLE_ROWS = 200_000;
/** A larger table is read without its texts, which are most of it; those that are needed are asked for. */
export const MAX_ROWS_WITH_TEXT = 10_000;

/** The proxy's wall clock, epoch seconds. */
export const NOW = `strftime('%s','now')`;
export const UPTIME = `SELECT variable_value FROM stats_mysql_global WHERE variable_name='ProxySQL_Uptime'`;
const FIELD = `char(${FIELD_SEPARATOR})`;
const ROW = `char(${ROW_SEPARATOR})`;

// first_seen and last_seen are recomputed at each read and jitter by a second, uptime and now are whole seconds.
const SLACK_S = 3;

const DIGEST_KEY = `ifnull(hostgroup,'')||'|'||hex(schemaname)||'|'||hex(username)||'|'||hex(client_address)||'|'||digest`;
const DIGEST_COUNTERS = `count_star||${FIELD}||sum_time||${FIELD}||sum_rows_affected||${FIELD}||sum_rows_sent||${FIELD}||first_seen`;
const DIGEST_TEXT = `hex(${shortened('digest_text', TEXT_CHARACTERS)})`;
const DIGEST_EXTREMES = `${FIELD}||min_time||${FIELD}||max_time`;

/** A text column, cut: at that many characters, or a text with a NUL, where SQLite would stop counting, at their bytes. */
export function shortened(column: string, characters: number): string {
  return `CASE WHEN instr(${column},char(0)) THEN substr(CAST(${column} AS BLOB),1,${4 * characters}) ELSE substr(${column},1,${characters}) END`;
}

/**
 * The digest table in one statement, since every statement that names the table makes the proxy rebuild it. One row:
 * now, uptime, COUNT, four SUMs, oldest first_seen, and the packed rows (NULL when there is none):
 * `key 31 count_star 31 sum_time 31 sum_rows_affected 31 sum_rows_sent 31 first_seen [31 HEX(text) [31 last_seen]]`, joined
 * by 30; with extremes `31 min_time 31 max_time` behind first_seen. Every row has its text (`-` in a large table, unless with
 * extremes) and last_seen; of a table that is too large there are no rows. With `sinceUptimeS` only rows with
 * `now − last_seen ≤ uptime − sinceUptimeS + 3`, and texts where the same holds for first_seen (or of all of these, with
 * extremes): ages on the proxy's own clock, so that a step of a wall clock loses nothing.
 */
export function digestsStatement(sinceUptimeS?: number, withExtremes = false): string {
  const packed = `${DIGEST_KEY}||${FIELD}||${DIGEST_COUNTERS}${withExtremes ? `||${DIGEST_EXTREMES}` : ''}`;
  const rows =
    sinceUptimeS === undefined ? allRows(packed, withExtremes) : changedRows(packed, sinceUptimeS, withExtremes);
  return (
    `SELECT ${NOW}, (${UPTIME}), COUNT(*), SUM(count_star), SUM(sum_time), SUM(sum_rows_affected), SUM(sum_rows_sent), ` +
    `MIN(first_seen), group_concat(${rows},${ROW}) FROM stats_mysql_query_digest`
  );
}

function allRows(packed: string, withTexts: boolean): string {
  // In upper case the name does not make the proxy rebuild the table once more; SQLite computes this once.
  const tableRows = '(SELECT COUNT(*) FROM STATS_MYSQL_QUERY_DIGEST)';
  const short = `CASE WHEN ${tableRows}<=${MAX_ROWS_WITH_TEXT} THEN ${DIGEST_TEXT} ELSE '${NO_TEXT}' END`;
  const text = withTexts ? DIGEST_TEXT : short;
  return `CASE WHEN ${tableRows}<=${MAX_WHOLE_TABLE_ROWS} THEN ${packed}||${FIELD}||${text}||${FIELD}||last_seen END`;
}

function changedRows(packed: string, sinceUptimeS: number, withTexts: boolean): string {
  if (!Number.isSafeInteger(sinceUptimeS) || sinceUptimeS < 0) {
    throw new ProxywatchError('PROXY_STATEMENT', `uptime to read from is no whole number of seconds: ${sinceUptimeS}`);
  }
  // Uncorrelated, so SQLite computes it once, and a row costs one comparison of integers.
  const since = `(SELECT ${NOW}-variable_value+${sinceUptimeS}-${SLACK_S} FROM stats_mysql_global WHERE variable_name='ProxySQL_Uptime')`;
  const newborn = `CASE WHEN first_seen>=${since} THEN ${FIELD}||${DIGEST_TEXT} ELSE '' END`;
  const text = withTexts ? `${FIELD}||${DIGEST_TEXT}` : newborn;
  return `CASE WHEN last_seen>=${since} THEN ${packed}||${text} END`;
}

/** One row, one cell: `digest 31 HEX(text)` joined by 30, or NULL; all digests when none are given. */
export function digestTextsStatement(digests?: readonly string[]): string {
  const where = digests === undefined ? '' : ` WHERE digest IN (${digests.map(quoteSqlite).join(',')})`;
  return `SELECT group_concat(digest||${FIELD}||${DIGEST_TEXT},${ROW}) FROM stats_mysql_query_digest${where}`;
}

export const STATUS_VARIABLES = {
  uptimeS: 'ProxySQL_Uptime',
  clientConnections: 'Client_Connections_connected',
  activeTransactions: 'Active_Transactions',
  slowQueries: 'Slow_queries',
} as const;

const STATUS_NAMES = Object.values(STATUS_VARIABLES).map(quoteSqlite).join(',');

const GLOBAL_STATUS = `SELECT ${NOW},variable_name,variable_value FROM stats_mysql_global WHERE variable_name IN (${STATUS_NAMES})`;

const BACKEND_COLUMNS =
  'hostgroup,srv_host,srv_port,status,ConnUsed,ConnFree,ConnOK,ConnERR,Queries,Bytes_data_sent,Bytes_data_recv,Latency_us';
const COMMAND_COLUMNS =
  'Command,Total_cnt,Total_Time_us,cnt_100us,cnt_500us,cnt_1ms,cnt_5ms,cnt_10ms,cnt_50ms,cnt_100ms,cnt_500ms,cnt_1s,cnt_5s,cnt_10s,cnt_INFs';
const ERROR_COLUMNS =
  'hostgroup,hostname,port,username,client_address,schemaname,errno,count_star,first_seen,last_seen';
const USER_COLUMNS = 'username,frontend_connections,frontend_max_connections';

const BACKENDS = `SELECT ${BACKEND_COLUMNS} FROM stats_mysql_connection_pool LIMIT ${BACKENDS_LIMIT + 1}`;
const COMMANDS = `SELECT ${COMMAND_COLUMNS} FROM stats_mysql_commands_counters WHERE Total_cnt>0`;
// The most frequent first, so that a cut table shows the same rows at each read.
const ERRORS = `SELECT ${ERROR_COLUMNS},substr(last_error,1,${TEXT_CHARACTERS}) FROM stats_mysql_errors ORDER BY count_star DESC LIMIT ${ERRORS_LIMIT + 1}`;
const USERS = `SELECT ${USER_COLUMNS} FROM stats_mysql_users LIMIT ${USERS_LIMIT + 1}`;

/** The parts of a status: what selects each, and how many columns that has. */
const STATUS_PARTS = {
  global: { select: GLOBAL_STATUS, width: 3 },
  backends: { select: BACKENDS, width: 12 },
  commands: { select: COMMANDS, width: 15 },
  errors: { select: ERRORS, width: 11 },
  users: { select: USERS, width: 3 },
} as const satisfies Record<string, Part>;
export type StatusPart = keyof typeof STATUS_PARTS;

export function statusStatement(parts: readonly StatusPart[]): string {
  return unionStatement(parts.map((name) => [name, STATUS_PARTS[name]]));
}

/** Statements that fail with the proxy's reason where a table or a column is missing, and read no row. */
export const PROBES = {
  // Upper case on purpose: this asks for columns only, and the refresh that lower case brings would rebuild the table.
  digests:
    'SELECT hostgroup,schemaname,username,client_address,digest,digest_text,count_star,first_seen,last_seen,sum_time,' +
    'sum_rows_affected,sum_rows_sent FROM STATS_MYSQL_QUERY_DIGEST WHERE 1=0',
  uptime: 'SELECT variable_name,variable_value FROM stats_mysql_global WHERE 1=0',
  backends: `SELECT ${BACKEND_COLUMNS} FROM stats_mysql_connection_pool WHERE 1=0`,
  commandCounters: `SELECT ${COMMAND_COLUMNS} FROM stats_mysql_commands_counters WHERE 1=0`,
  errors: `SELECT ${ERROR_COLUMNS},last_error FROM stats_mysql_errors WHERE 1=0`,
  users: `SELECT ${USER_COLUMNS} FROM stats_mysql_users WHERE 1=0`,
  queryEvents:
    'SELECT id,thread_id,username,schemaname,start_time,end_time,query_digest,query,server,client,event_type,hid,' +
    'affected_rows,rows_sent,errno,error FROM stats_mysql_query_events WHERE 1=0',
} as const;
