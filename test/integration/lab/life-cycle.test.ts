import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { closeLabs, failureOf, type Lab, startBackend, startLab } from '../../support/lab-traffic.ts';
import { isGone } from '../../support/processes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

let backend: MariadbService;

beforeAll(async () => {
  backend = await startBackend();
});
afterEach(closeLabs);
afterAll(async () => {
  await backend?.stop();
});

const QUICK = { 'mysql-connect_timeout_server_max': '300' };
const statusOf = async (lab: Lab, port: number) =>
  (await lab.admin(`SELECT DISTINCT status FROM runtime_mysql_servers WHERE port=${port}`))[0]?.status;

describe('back ends', () => {
  test('that are down are shunned, and clients are told within the time limit', async () => {
    const dead = await pickFreePort();
    const lab = await startLab(dead, { variables: QUICK });
    const client = await lab.client();
    const failure = await failureOf(client.query('SELECT 1'));
    expect(failure).toMatchObject({ errno: 9001, sqlState: 'HY000' });
    expect(failure.message).toMatch(/^Max connect timeout reached while reaching hostgroup 20 after \d+ms$/);
    expect((await lab.admin('SELECT status FROM stats_mysql_connection_pool WHERE hostgroup=20'))[0]?.status).toBe(
      'SHUNNED',
    );
    expect((await lab.admin('SELECT digest_text, count_star FROM stats_mysql_query_digest'))[0]).toEqual({
      digest_text: 'SELECT ?',
      count_star: '1',
    });
  });

  test('that the monitor cannot reach are shunned without any traffic, and logged', async () => {
    const dead = await pickFreePort();
    const lab = await startLab(dead, {
      variables: { 'mysql-monitor_ping_interval': '100', 'mysql-monitor_ping_max_failures': '2' },
    });
    await until('the back end is shunned', async () => (await statusOf(lab, dead)) === 'SHUNNED');
    const [entry] = await lab.admin('SELECT ping_success_time_us us, ping_error e FROM monitor.mysql_server_ping_log');
    expect(entry).toEqual({ us: '0', e: expect.stringContaining("Can't connect to server on '127.0.0.1'") });
  });

  test('that die leave the others of their hostgroup to do the work', async () => {
    const dead = await pickFreePort();
    const lab = await startLab(backend.port);
    for (const sql of [
      `INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (20,'127.0.0.1',${dead})`,
      'LOAD MYSQL SERVERS TO RUNTIME',
    ]) {
      await lab.admin(sql);
    }
    const client = await lab.client();
    for (let i = 0; i < 20; i += 1) expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('set OFFLINE_SOFT finish what they run and take nothing new', async () => {
    const lab = await startLab(backend.port, { variables: QUICK });
    const [busy, late] = [await lab.client(), await lab.client()];
    await busy.beginTransaction();
    await setServers(lab, 'OFFLINE_SOFT');
    expect((await busy.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    await busy.commit();
    expect(await failureOf(late.query('SELECT 1'))).toMatchObject({ errno: 9001 });
    await setServers(lab, 'ONLINE');
    expect((await late.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('set OFFLINE_HARD take the clients down that were using them', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    const running = failureOf(client.query('SELECT SLEEP(60)'));
    await until(
      'it runs',
      async () => (await lab.admin("SELECT 1 FROM stats_mysql_processlist WHERE command='Query'")).length === 1,
    );
    await setServers(lab, 'OFFLINE_HARD');
    expect(await running).toMatchObject({ message: expect.stringContaining('Connection lost') });
  });

  async function setServers(lab: Lab, status: string): Promise<void> {
    await lab.admin(`UPDATE mysql_servers SET status='${status}'`);
    await lab.admin('LOAD MYSQL SERVERS TO RUNTIME');
  }
});

describe('a lab proxy', () => {
  test('that restarts has lost its statistics and what was not saved, and kept what was', async () => {
    const dataDir = temporaryFolder();
    const first = await startLab(backend.port, { dataDir });
    await (await first.client()).query('SELECT 1');
    for (const sql of [
      'SET mysql-long_query_time=123',
      'LOAD MYSQL VARIABLES TO RUNTIME',
      'SAVE MYSQL VARIABLES TO DISK',
      "INSERT INTO mysql_users (username,password,default_hostgroup) VALUES ('unsaved','x',10)",
      'LOAD MYSQL USERS TO RUNTIME',
    ]) {
      await first.admin(sql);
    }
    await first.stop();
    const second = await startLab(backend.port, { dataDir });
    expect(await second.admin('SELECT * FROM stats_mysql_query_digest')).toEqual([]);
    expect(
      await second.admin(
        "SELECT variable_value v FROM runtime_global_variables WHERE variable_name='mysql-long_query_time'",
      ),
    ).toEqual([{ v: '123' }]);
    expect(await second.admin("SELECT username FROM runtime_mysql_users WHERE username='unsaved'")).toEqual([]);
    expect((await (await second.client()).query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('that is stopped and started forgets all but its uptime, and listens where it did', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    await client.query('SELECT 1');
    await lab.admin('PROXYSQL STOP');
    await failureOf(client.query('SELECT 1'));
    expect(await failureOf(lab.client())).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(await lab.admin('SELECT * FROM stats_mysql_query_digest')).toEqual([]);
    await until('a START that is not lost', async () => {
      await lab.admin('PROXYSQL START');
      return lab.client().then(
        (again) => again.query('SELECT 1').then(() => true),
        () => false,
      );
    });
    expect(await lab.admin('SELECT count_star FROM stats_mysql_query_digest')).toEqual([{ count_star: '1' }]);
  });

  test('that is paused lets no new client in and serves those that are', async () => {
    const lab = await startLab(backend.port);
    const client = await lab.client();
    await lab.admin('PROXYSQL PAUSE');
    expect(await failureOf(lab.client())).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    await lab.admin('PROXYSQL RESUME');
    await lab.client();
  });

  test('whose port is taken says so', async () => {
    const lab = await startLab(backend.port);
    await expect(startLab(backend.port, { trafficPort: lab.trafficPort })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    await expect(startLab(backend.port, { adminPort: lab.adminPort })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});

describe('the process of a lab proxy', () => {
  const MAIN = new URL('../../../infra/local/lab/main.ts', import.meta.url).pathname;

  function start(env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { LAB_ID: '1', LAB_ADMIN_PORT: '0', LAB_TRAFFIC_PORT: '0', LAB_DATA_DIR: temporaryFolder(), ...env },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let complaints = '';
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    const exited = once(child, 'exit');
    const ready = async () => JSON.parse((await lines.next()).value ?? 'null');
    return { child, ready, exited, complaints: () => complaints };
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('says when it is ready and ends cleanly on %s', async (signal) => {
    const { child, ready, exited } = start();
    expect(await ready()).toEqual({ ready: true, adminPort: expect.any(Number), trafficPort: expect.any(Number) });
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
  });

  test('ends with its parent, whose end it notices by its input', async () => {
    const { child, ready, exited } = start({ LAB_PARENT_PIPE: '1' });
    await ready();
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect(isGone(child.pid ?? 0)).toBe(true);
  });

  test('names all problems of its environment and exits with code 2', async () => {
    const { exited, complaints } = start({ LAB_ID: 'one', LAB_TRAFFIC_PORT: '70000', LAB_PEERS: 'nowhere' });
    expect(await exited).toEqual([2, null]);
    for (const name of ['LAB_ID', 'LAB_TRAFFIC_PORT', 'LAB_PEERS']) expect(complaints()).toContain(`${name}:`);
  });

  test('ends when an administrator shuts it down', async () => {
    const { ready, exited } = start();
    const { adminPort } = await ready();
    const { createConnection } = await import('mysql2/promise');
    const admin = await createConnection({ host: '127.0.0.1', port: adminPort, user: 'admin', password: 'admin' });
    admin.on('error', () => undefined);
    await admin.query('PROXYSQL SHUTDOWN').catch(() => undefined);
    expect(await exited).toEqual([0, null]);
  });
});
