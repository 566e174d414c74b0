import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection, ConnectionOptions, QueryError } from 'mysql2/promise';
import { answer, type Lab, startLab } from './lab.ts';
import { ESCAPING, MANAGEMENT, type Recorded } from './recordings.ts';
import { compare } from './replay.ts';

describe('clients of MySQL connect as they did to the recorded ProxySQL', () => {
  let lab: Lab;
  let client: Connection;
  beforeAll(async () => {
    lab = await startLab();
    client = await lab.connect();
  });
  afterAll(() => lab.close());

  const recorded = (name: string) => MANAGEMENT.connections[name] ?? {};
  const failure = (work: Promise<unknown>): Promise<QueryError> =>
    work.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: QueryError) => error,
    );

  test.each<[string, ConnectionOptions]>([
    ['plain default', {}],
    ['compress', { compress: true }],
    ['multipleStatements', { multipleStatements: true }],
    ['with database=stats', { database: 'stats' }],
    ['with database=nope', { database: 'nope' }],
    ['user admin', { user: 'admin', password: 'admin' }],
    ['charset latin1', { charset: 'latin1' }],
    ['stats user', { user: 'stats', password: 'stats' }],
  ])('%s', async (name, options) => {
    const connection = await lab.connect(options);
    await connection.ping();
    for (const key of ['v', 'multi', 'w', 's', 'l', 't']) {
      const statement = recorded(name)[key] as Recorded | undefined;
      if (statement === undefined) continue;
      compare(await answer(connection, statement.sql), { ...statement, ...uptimeOf(lab, statement) });
    }
  });

  test.each<[string, ConnectionOptions]>([
    ['wrong password', { password: 'wrong' }],
    ['unknown user', { user: 'nobody', password: 'x' }],
    ['empty password', { password: '' }],
  ])('%s is denied in the words of ProxySQL', async (name, options) => {
    const { errno, code, sqlState, message } = await failure(lab.connect(options));
    const { ok: _, ...denied } = recorded(name);
    expect({ errno, code, sqlState, message }).toEqual(denied);
  });

  test('TLS is out of scope: a client that insists on it is refused', async () => {
    const { message } = await failure(lab.connect({ ssl: { rejectUnauthorized: false } }));
    expect(message).toMatch(/does not support secure connection/);
  });

  test('prepared statements are refused', async () => {
    const { errno, code, sqlState, message: msg } = await failure(client.execute('SELECT ?', [1]));
    expect({ errno, code, sqlState, msg }).toEqual(MANAGEMENT.protocol.execute);
  });

  test('placeholders of mysql2 are as unsafe as recorded', async () => {
    const { placeholders } = ESCAPING;
    const users = 'SELECT username FROM mysql_users WHERE username = ? ORDER BY username';
    const quote = await failure(client.query('SELECT ? AS q', ["a'b'c"]));
    expect({ errno: quote.errno, msg: quote.message }).toEqual(placeholders['mysql2 placeholder with quote']);
    const [injected] = await client.query(users.replace(' ORDER', ' -- ORDER'), ["' OR 1 = 1 -- "]);
    expect(injected).toHaveLength(placeholders['mysql2 placeholder: injection via quote only']?.length ?? 0);
    const [plain] = await client.query(users, ['app_rw']);
    expect(plain).toEqual(placeholders['placeholder plain']);
    const [newline] = await client.query('SELECT ? AS v, length(?) AS l', ['a\nb', 'a\nb']);
    expect(newline).toEqual(placeholders['placeholder newline']);
  });

  test('a lone semicolon costs the connection, as it cost the recorded proxy its life', async () => {
    const victim = await lab.connect();
    expect((await failure(victim.query(';'))).code).toBe('PROTOCOL_CONNECTION_LOST');
    expect((await answer(client, 'SELECT 1')).rows).toEqual([['1']]);
  });

  test('PROXYSQL SHUTDOWN ends without an answer', async () => {
    const victim = await lab.connect();
    expect((await failure(victim.query('PROXYSQL SHUTDOWN'))).code).toBe('PROTOCOL_CONNECTION_LOST');
    expect(lab.commands).toContain('shutdown');
  });
});

/** The two counters that the recording shows are this lab's own. */
function uptimeOf(lab: Lab, { sql }: Recorded): Partial<Recorded> {
  if (!sql.includes('stats_mysql_global')) return {};
  return { rows: [...lab.stats.rowsOf('stats_mysql_global')].slice(0, 2).map((row) => row.map(String)) };
}
