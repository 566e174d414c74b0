import type { LabClock } from '../../stats/clock.ts';
import type { PooledConnection } from '../backend/backend-server.ts';
import type { SessionState } from './session-state.ts';

// Addresses of the proxy's structures; a lab proxy has none.
const ADDRESS = '0x7f0000000000';
const STATUS_WAITING = 4;
const STATUS_PROCESSING = 6;
const BUSY_AFFECTED_ROWS = 18446744073709552000;

/**
 * The column `extended_info`, with the recorded structure and its traps: transaction_time_ms holds microseconds since
 * the transaction began, a running statement outside a transaction counts as an active transaction, and without one
 * the time is the thread's whole clock.
 */
export function extendedInfo(state: SessionState, trafficPort: number, clock: LabClock): object {
  const { identity, running } = state;
  const nowUs = identity.thread.nowUs();
  const sinceUs = state.transactionSinceUs ?? running?.startedUs;
  const attached = state.attached;
  return {
    active_transactions: sinceUs === undefined ? 0 : 1,
    address: ADDRESS,
    age_ms: Math.max(0, Math.floor((nowUs - identity.startedUs) / 1000)),
    autocommit: state.autocommit,
    autocommit_on_hostgroup: -1,
    backends: attached === undefined ? [] : [backendInfo(state, attached)],
    client: clientInfo(state, trafficPort),
    conn: {
      action: '3',
      autocommit: state.autocommit ? 'ON' : 'OFF',
      charset: String(identity.login.charset),
      client_flag: { client_found_rows: identity.login.foundRows ? 1 : 0, client_multi_statements: 0 },
      names: '',
      no_backslash_escapes: false,
      ps: { client_stmt_to_global_ids: [] },
      session_track_gtids: 'OFF',
      status: { compression: false },
    },
    current_hostgroup: state.currentHostgroup,
    default_hostgroup: identity.user.defaultHostgroup,
    default_schema: state.schema,
    gtid: { hid: -1, last: '' },
    last_HG_affected_rows: state.affectedRowsHostgroup,
    last_insert_id: state.lastInsertId,
    locked_on_hostgroup: state.lockedHostgroup,
    status: running === undefined ? STATUS_WAITING : STATUS_PROCESSING,
    thread: ADDRESS,
    thread_session_id: identity.id,
    transaction_persistent: identity.user.transactionPersistent,
    transaction_time_ms: sinceUs === undefined ? clock.monotonicUs() : Math.max(0, nowUs - sinceUs),
    user_attributes: '',
    warning_in_hg: -1,
  };
}

function backendInfo(state: SessionState, { connection, server, uses }: PooledConnection): object {
  const { host, port, hostgroup } = server.config;
  return {
    conn: {
      MultiplexDisabled: state.sticky.size > 0,
      MultiplexDisabled_ext: state.inTransaction,
      address: ADDRESS,
      autocommit: state.autocommit ? 'ON' : 'OFF',
      bytes_recv: connection.bytesReceived,
      bytes_sent: connection.bytesSent,
      charset: String(state.identity.login.charset),
      myconnpoll_get: uses,
      myconnpoll_put: Math.max(0, uses - 1),
      mysql: {
        address: ADDRESS,
        affected_rows: state.running === undefined ? 0 : BUSY_AFFECTED_ROWS,
        db: connection.schema,
        host,
        host_info: `${host} via TCP/IP`,
        port,
        server_status: connection.statusFlags,
        thread_id: connection.threadId,
        user: state.identity.user.username,
      },
      questions: connection.questions,
      status: { get_lock: false, lock_tables: false, temporary_table: false, user_variable: false },
    },
    gtid: '',
    hostgroup_id: hostgroup,
    stream: { DSS: state.running === undefined ? 26 : 25, address: ADDRESS, questions: connection.questions },
  };
}

function clientInfo({ identity, schema, running }: SessionState, trafficPort: number): object {
  const { client, user } = identity;
  return {
    DSS: running === undefined ? 6 : 11,
    client_addr: { address: client.host, port: client.port },
    encrypted: false,
    prot: { auth_plugin: 'mysql_native_password', auth_plugin_id: 0, sent_auth_plugin_id: 0 },
    proxy_addr: { address: '127.0.0.1', port: trafficPort },
    switching_auth_sent: -1,
    switching_auth_type: -1,
    userinfo: { schemaname: schema, username: user.username },
  };
}
