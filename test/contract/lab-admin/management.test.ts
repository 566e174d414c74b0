import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { answer, type Lab, startLab } from './lab.ts';
import { MANAGEMENT, SAMPLES, TABLES } from './recordings.ts';
import { compare, replay } from './replay.ts';

describe('the lab proxy answers an administrator as ProxySQL was recorded to', () => {
  let lab: Lab;
  let client: Connection;
  beforeAll(async () => {
    lab = await startLab();
    client = await lab.connect();
  });
  afterAll(() => lab.close());

  // The order is that of the recording: SAVE in one section is what the next one reads.
  test('samples of every table', () => replay(client, Object.values(SAMPLES)));
  test('greetings, functions, SHOW and the statements of connectors', async () => {
    lab.stats.tables.set('stats_mysql_processlist', []);
    await replay(client, MANAGEMENT.greeting_and_functions);
  });
  test('errors', () => replay(client, MANAGEMENT.errors));
  test('users through memory, runtime and disk', () => replay(client, MANAGEMENT.users));
  test('users changed and deleted', () => replay(client, MANAGEMENT.users_update_delete));
  test('variables and their silent refusals', () => replay(client, MANAGEMENT.variables));
  test('servers and their states', async () => {
    lab.stats.statuses.set('20 127.0.0.1 3399', 'SHUNNED');
    const idle = MANAGEMENT.servers.find(({ sql }) => sql.includes('ConnFree'))?.rows ?? [];
    const zeros = Array<string>(8).fill('0');
    lab.stats.tables.set(
      'stats_mysql_connection_pool',
      idle.map((row) => [...row, ...zeros]),
    );
    await replay(client, MANAGEMENT.servers);
  });
  test('commands', async () => {
    await replay(client, MANAGEMENT.commands);
    expect(lab.commands).toEqual(['pause', 'resume']);
  });

  test.each(['main', 'disk', 'stats', 'monitor', 'stats_history'] as const)(
    'SHOW TABLES FROM %s lists tables of ProxySQL only',
    async (schema) => {
      const { columns, rows } = await answer(client, `SHOW TABLES FROM ${schema}`);
      expect(columns).toEqual(['tables']);
      expect(TABLES[schema]).toEqual(expect.arrayContaining((rows ?? []).map(([name]) => name)));
      expect(rows).not.toHaveLength(0);
    },
  );

  test('of two selected versions only the first is answered', async () => {
    const recorded = TABLES.version;
    compare(await answer(client, recorded.sql), recorded);
  });
});
