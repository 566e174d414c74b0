import type { Processlist, ProxySessionState } from '../../domain/processlist.ts';
import { isAccepted } from './capabilities.ts';
import { type Cell, countOf, decodeText, malformed, type Query, type Row, textOf } from './cells.ts';
import { rowsByPart, unionStatement } from './parts.ts';
import { NOW, shortened, UPTIME } from './statements.ts';

/** Sessions that are read at most: those in the longest transactions first, then those that run the longest statements. */
export const SESSIONS_LIMIT = 1_000;
/** Characters of a statement that are read. */
export const STATEMENT_CHARACTERS = 4_096;

const JSON_PROBE = `SELECT json_valid(value) FROM json_each('[1]') WHERE 1=0`;

const HEAD = `SELECT ${NOW},(${UPTIME}),COUNT(*),COUNT(extended_info) FROM stats_mysql_processlist`;

const ofSession = (path: string) => `json_extract(extended_info,'$.${path}')`;

/**
 * Microseconds since the transaction began, NULL outside of one. The traps, as recorded: `transaction_time_ms` holds
 * microseconds, and the thread's whole clock without a transaction, so that it cannot be true of a session that is younger;
 * and a plain statement counts as an active transaction while it runs, when the back end's status says that it is in none.
 * A session that is active without a back end to ask is in a transaction unless it runs something.
 * Extracted in the proxy: the JSON of a session has 3.4 kB. What is no JSON is passed over, since it would fail all of it.
 */
const STATUS_OF_BACKENDS = `(SELECT max(json_extract(value,'$.conn.mysql.server_status')&1) FROM json_each(extended_info,'$.backends') WHERE type='object')`;
const IN_TRANSACTION = `${ofSession('active_transactions')}>0 AND ifnull(${STATUS_OF_BACKENDS},command='Sleep')`;
const TRANSACTION_TIME = `CAST(${ofSession('transaction_time_ms')} AS INTEGER)`;
const LONGEST_TIME = `1000*(ifnull(${ofSession('age_ms')},1000000000000)+5000)`;
const TRANSACTION_US =
  `CASE WHEN json_valid(extended_info) THEN CASE WHEN ${IN_TRANSACTION} THEN ` +
  `CASE WHEN ${TRANSACTION_TIME} BETWEEN 0 AND ${LONGEST_TIME} THEN ${TRANSACTION_TIME} ELSE 0 END END END`;

const SESSION_COLUMNS = `SessionID,user,db,cli_host,hostgroup,srv_host,srv_port,command,max(0,time_ms),${shortened('info', STATEMENT_CHARACTERS + 1)}`;

/** The processlist in one statement; `withTransactions` needs SQLite's JSON functions. */
export function processlistStatement(withTransactions: boolean): string {
  const transaction = withTransactions ? TRANSACTION_US : 'NULL';
  const sessions =
    `SELECT ${SESSION_COLUMNS},${transaction} AS transaction_us FROM stats_mysql_processlist ` +
    `ORDER BY transaction_us IS NULL,transaction_us DESC,info IS NULL,time_ms DESC,SessionID LIMIT ${SESSIONS_LIMIT}`;
  return unionStatement([
    ['head', { select: HEAD, width: 4 }],
    ['session', { select: sessions, width: 11 }],
  ]);
}

/** Reads processlists over one connection; finds out at the first one whether the proxy's SQLite knows JSON. */
export function createProcesslistReader(): (query: Query) => Promise<Processlist> {
  let knowsJson: boolean | undefined;
  return async (query) => {
    knowsJson ??= await isAccepted(query, JSON_PROBE);
    return parseProcesslist(await query(processlistStatement(knowsJson)), knowsJson);
  };
}

/** The answer to a processlist statement. An empty list tells all that there is: nobody is in a transaction. */
export function parseProcesslist(answer: readonly Row[], withTransactions: boolean): Processlist {
  const { head, session } = rowsByPart(answer, ['head', 'session'], 'processlist');
  const [first] = head;
  if (first === undefined) throw malformed('no head of the processlist');
  const count = countOf(first, 2, 'COUNT(*)');
  const extended = countOf(first, 3, 'COUNT(extended_info)');
  return {
    proxyNowS: countOf(first, 0, 'now'),
    uptimeS: countOf(first, 1, 'ProxySQL_Uptime'),
    sessions: session.map(parseSession),
    tellsTransactions: withTransactions && (count === 0 || extended > 0),
    isCut: count > session.length,
  };
}

function parseSession(row: Row): ProxySessionState {
  const server = serverOf(row[5], row[6]);
  const info = row[9];
  const statement = info ? decodeText(info, STATEMENT_CHARACTERS) : undefined;
  return {
    sessionId: textOf(row, 0),
    user: textOf(row, 1),
    schema: textOf(row, 2),
    clientAddress: textOf(row, 3),
    hostgroup: textOf(row, 4),
    ...(server !== undefined && { server }),
    command: textOf(row, 7),
    timeMs: countOf(row, 8, 'time_ms'),
    ...(statement !== undefined && { statement }),
    isStatementCut: info ? decodeText(info, STATEMENT_CHARACTERS + 1) !== statement : false,
    ...(row[10] && { transactionUs: countOf(row, 10, 'transaction_time_ms') }),
  };
}

/** `host:port`; the host alone is the path of a socket; undefined while none is bound. */
function serverOf(host: Cell | undefined, port: Cell | undefined): string | undefined {
  if (!host?.length) return undefined;
  const digits = port?.toString('latin1') ?? '';
  return digits === '' || digits === '0' ? host.toString('utf8') : `${host.toString('utf8')}:${digits}`;
}
