import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../../../../../layers/core/src/drivers/proxysql/cells.ts';
import {
  type StatusPart,
  statusStatement,
  USERS_LIMIT,
} from '../../../../../../layers/core/src/drivers/proxysql/statements.ts';
import { fetchStatus } from '../../../../../../layers/core/src/drivers/proxysql/status.ts';

const row = (...cells: (string | null)[]): Row => cells.map((cell) => (cell === null ? null : Buffer.from(cell)));
const all = {
  version: '2.7.2-14-g5cc418b',
  digests: true,
  commandCounters: true,
  errors: true,
  backends: true,
  users: true,
  queryEvents: false,
  errorTotals: false,
};
const global = [
  row('1795342108', 'ProxySQL_Uptime', '62'),
  row('1795342108', 'Active_Transactions', '6'),
  row('1795342108', 'Client_Connections_connected', '13'),
  row('1795342108', 'Slow_queries', '2'),
];
const answers = new Map<StatusPart, readonly Row[]>([
  ['global', global],
  ['backends', [row('10', '127.0.0.1', '3306', 'ONLINE', '8', '1', '9', '282', '2130', '117095', '792', '165')]],
  ['commands', [row('BEGIN', '2', '625', '1', '0', '1', '0', '0', '0', '0', '0', '0', '0', '0', '7')]],
  [
    'errors',
    [
      row(
        '10',
        '127.0.0.1',
        '3306',
        'app',
        '10.0.0.9',
        'crm',
        '1062',
        '74',
        '1795342093',
        '1795342108',
        "Duplicate '😀'",
      ),
    ],
  ],
  ['users', [row('ghost', '0', '10000')]],
]);
/** A proxy that answers the one statement of a status: the rows of each part that it names. */
const answering = (changed: Iterable<readonly [StatusPart, readonly Row[]]> = []) => {
  const table = new Map([...answers, ...changed]);
  return async (statement: string): Promise<readonly Row[]> =>
    [...table]
      .filter(([part]) => statement.includes(`SELECT '${part}',`))
      .flatMap(([part, rows]) => rows.map((cells) => [Buffer.from(part), ...cells, null, null]));
};

describe('the status of a proxy', () => {
  test('has every part, in the units of the domain', async () => {
    expect(await fetchStatus(answering(), all)).toEqual({
      version: '2.7.2-14-g5cc418b',
      uptimeS: 62,
      proxyNowS: 1_795_342_108,
      clientConnections: 13,
      activeTransactions: 6,
      slowQueries: 2,
      backends: [
        {
          hostgroup: '10',
          host: '127.0.0.1',
          port: 3306,
          status: 'ONLINE',
          connectionsUsed: 8,
          connectionsFree: 1,
          connectionsOk: 9,
          connectionsFailed: 282,
          queries: 2130,
          bytesSent: 117_095,
          bytesReceived: 792,
          latencyUs: 165,
        },
      ],
      commands: [{ command: 'BEGIN', count: 2, totalTimeUs: 625, buckets: [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7] }],
      errors: [
        {
          hostgroup: '10',
          host: '127.0.0.1',
          port: 3306,
          user: 'app',
          clientAddress: '10.0.0.9',
          schema: 'crm',
          errno: 1062,
          count: 74,
          firstSeenS: 1_795_342_093,
          lastSeenS: 1_795_342_108,
          lastError: "Duplicate '😀'",
        },
      ],
      users: [{ user: 'ghost', connections: 0, maxConnections: 10_000 }],
    });
  });

  test('asks for nothing that the proxy does not have', async () => {
    const asked: string[] = [];
    const query = async (statement: string) => {
      asked.push(statement);
      return answering()(statement);
    };
    const none = { ...all, commandCounters: false, errors: false, backends: false, users: false };
    expect(await fetchStatus(query, none)).toMatchObject({ backends: [], commands: [], errors: [], users: [] });
    expect(asked).toEqual([statusStatement(['global'])]);
    expect(asked[0]).not.toMatch(/connection_pool|commands_counters|stats_mysql_errors|stats_mysql_users/);
  });

  test('says which part is not complete', async () => {
    const users = Array.from({ length: USERS_LIMIT + 1 }, (_, i) => row(`u${i}`, '0', '1'));
    const status = await fetchStatus(answering([['users', users]]), all);
    expect(status.users).toHaveLength(USERS_LIMIT);
    expect(status.truncated).toEqual(['users']);
  });

  test('shows 0 for a variable that this version lacks, but needs the uptime', async () => {
    const [uptime, ...rest] = global;
    expect(await fetchStatus(answering([['global', [uptime!]]]), all)).toMatchObject({
      slowQueries: 0,
    });
    await expect(fetchStatus(answering([['global', rest]]), all)).rejects.toMatchObject({
      code: 'PROXY_PROTOCOL',
    });
  });

  test('is asked for in one statement', async () => {
    let asked = 0;
    const answer = answering();
    await fetchStatus((statement) => {
      asked++;
      return answer(statement);
    }, all);
    expect(asked).toBe(1);
  });

  test('is refused with a row of no part', async () => {
    const query = async () => [row('surprise', '1')];
    await expect(fetchStatus(query, all)).rejects.toMatchObject({ code: 'PROXY_PROTOCOL' });
  });

  test('is refused with a number that is none', async () => {
    const backends = [row('10', 'h', '3306', 'ONLINE', '-8', '1', '9', '0', '0', '0', '0', '0')];
    await expect(fetchStatus(answering([['backends', backends]]), all)).rejects.toThrow(
      'ConnUsed is no exact whole number: "-8"',
    );
  });
});
