import { errorCodeOf } from '../../domain/errors.ts';
import type { ClusterPeer, MessageCount, ModuleChecksum, ProxyState, ServerState } from '../../domain/proxy-state.ts';
import { isAccepted } from './capabilities.ts';
import { countOf, malformed, type Query, type Row, textOf } from './cells.ts';
import { type Part, rowsByPart, unionStatement } from './parts.ts';
import { quoteSqlite } from './quoting.ts';
import { NOW, UPTIME } from './statements.ts';

/** Where the proxy's own admin interface is, as its cluster may name it. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

const SERVERS_LIMIT = 10_000;
const MESSAGES_LIMIT = 1_000;
const PEERS_LIMIT = 1_000;
// Nodes ask each other for their metrics every tenth check, so every 10 s at the usual interval of checks.
const SILENT_AFTER_MS = 30_000;

type PartName = 'head' | 'servers' | 'lags' | 'checksums' | 'ownChecksums' | 'messages' | 'peers';
const PART_NAMES: readonly PartName[] = ['head', 'servers', 'lags', 'checksums', 'ownChecksums', 'messages', 'peers'];
const HEAD: Part = { select: `SELECT ${NOW},(${UPTIME})`, width: 2 };

function partsOf({ host, port }: AdminAddress): Readonly<Record<Exclude<PartName, 'head'>, Part>> {
  const isItself = `hostname=${quoteSqlite(host)} AND port=${port}`;
  return {
    servers: {
      select: `SELECT hostgroup,srv_host,srv_port,status FROM stats_mysql_connection_pool LIMIT ${SERVERS_LIMIT}`,
      width: 4,
    },
    // SQLite takes bare columns from the row of the maximum. A latest check that failed tells nothing.
    lags: {
      select:
        'SELECT hostname,port,repl_lag,error,max(time_start_us) FROM monitor.mysql_server_replication_lag_log ' +
        `GROUP BY hostname,port LIMIT ${SERVERS_LIMIT}`,
      width: 5,
    },
    checksums: { select: 'SELECT name,version,epoch,checksum FROM runtime_checksums_values', width: 4 },
    // What the node's own cluster says of it; a module without a checksum was not asked for yet.
    ownChecksums: {
      select: `SELECT name,version,epoch,checksum FROM stats_proxysql_servers_checksums WHERE ${isItself} AND checksum<>''`,
      width: 4,
    },
    messages: {
      select:
        'SELECT message_id,filename,line,func,count_star,first_seen,last_seen FROM stats_proxysql_message_metrics ' +
        `ORDER BY last_seen DESC,count_star DESC LIMIT ${MESSAGES_LIMIT}`,
      width: 7,
    },
    peers: {
      select: `SELECT hostname,port,Uptime_s>0 AND last_check_ms BETWEEN 0 AND ${SILENT_AFTER_MS} FROM stats_proxysql_servers_metrics WHERE NOT (${isItself}) LIMIT ${PEERS_LIMIT}`,
      width: 3,
    },
  };
}

/**
 * Reads states over one connection. What the credential may see is found out at the first one, and again when a table has
 * gone: those of the monitor go with it.
 */
export function createStateReader(itself: AdminAddress): (query: Query) => Promise<ProxyState> {
  const parts = partsOf(itself);
  let visible: readonly PartName[] | undefined;

  async function look(query: Query): Promise<readonly PartName[]> {
    const seen: PartName[] = ['head'];
    const sees = async (name: Exclude<PartName, 'head'>) => {
      const isSeen = await isAccepted(query, `SELECT * FROM (${parts[name].select}) WHERE 1=0`);
      if (isSeen) seen.push(name);
      return isSeen;
    };
    if (await sees('servers')) await sees('lags');
    if (!(await sees('checksums'))) await sees('ownChecksums');
    await sees('messages');
    await sees('peers');
    return seen;
  }

  async function read(query: Query, names: readonly PartName[]): Promise<ProxyState> {
    const statement = unionStatement(names.map((name) => [name, name === 'head' ? HEAD : parts[name]]));
    return parseState(await query(statement), new Set(names));
  }

  return async (query) => {
    const known = visible;
    if (known !== undefined) {
      try {
        return await read(query, known);
      } catch (error) {
        if (errorCodeOf(error) !== 'PROXY_STATEMENT') throw error;
      }
    }
    visible = await look(query);
    return read(query, visible);
  };
}

/** The answer to a statement of those parts. */
export function parseState(answer: readonly Row[], seen: ReadonlySet<string>): ProxyState {
  const rows = rowsByPart(answer, PART_NAMES, 'state');
  const [head] = rows.head;
  if (head === undefined) throw malformed('no head of the state');
  const checksums = [...rows.checksums, ...rows.ownChecksums];
  // Without the proxy's own table, no row means that its cluster does not know it by our name: nothing was told.
  const tellsChecksums = seen.has('checksums') || checksums.length > 0;
  return {
    proxyNowS: countOf(head, 0, 'now'),
    uptimeS: countOf(head, 1, 'ProxySQL_Uptime'),
    ...(seen.has('servers') && { servers: serversOf(rows.servers, rows.lags) }),
    ...(tellsChecksums && { checksums: checksums.map(parseChecksum) }),
    ...(seen.has('messages') && { messages: rows.messages.map(parseMessage) }),
    ...(seen.has('peers') && { clusterPeers: rows.peers.map(parsePeer) }),
  };
}

function serversOf(servers: readonly Row[], lags: readonly Row[]): readonly ServerState[] {
  const keyOf = (row: Row, from: number) => JSON.stringify([textOf(row, from), textOf(row, from + 1)]);
  const lagOf = new Map(lags.flatMap((row) => (tellsLag(row) ? [[keyOf(row, 0), countOf(row, 2, 'repl_lag')]] : [])));
  return servers.map((row) => {
    const lagS = lagOf.get(keyOf(row, 1));
    return {
      hostgroup: textOf(row, 0),
      host: textOf(row, 1),
      port: countOf(row, 2, 'srv_port'),
      status: textOf(row, 3),
      ...(lagS !== undefined && { lagS }),
    };
  });
}

function tellsLag(row: Row): boolean {
  return textOf(row, 3) === '' && /^\d+$/.test(textOf(row, 2));
}

function parseChecksum(row: Row): ModuleChecksum {
  return {
    name: textOf(row, 0),
    version: countOf(row, 1, 'version'),
    epochS: countOf(row, 2, 'epoch'),
    checksum: textOf(row, 3),
  };
}

function parseMessage(row: Row): MessageCount {
  return {
    messageId: textOf(row, 0),
    filename: textOf(row, 1),
    line: countOf(row, 2, 'line'),
    func: textOf(row, 3),
    count: countOf(row, 4, 'count_star'),
    firstSeenS: countOf(row, 5, 'first_seen'),
    lastSeenS: countOf(row, 6, 'last_seen'),
  };
}

function parsePeer(row: Row): ClusterPeer {
  return { host: textOf(row, 0), port: countOf(row, 1, 'port'), isAnswering: textOf(row, 2) === '1' };
}
