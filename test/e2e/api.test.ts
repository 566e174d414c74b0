import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type LocalRun, startLocalRun } from '../support/local-run.ts';
import { readmeTour } from '../support/readme-tour.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the tour gives its account. */
const TOUR_PASSWORD = 'correct-horse-7';
const OPERATION_LIMIT_MS = 90_000;

const execute = promisify(execFile);
let run: LocalRun;
let env: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  run = await (await startLocalRun({ TRAFFIC_RATE: '5' }, 'file')).ready();
  env = run.env();
});

/** Port of a lab proxy's admin interface. */
const adminPort = (lab: number) => Number(run.settings.LAB_PORT) + (lab - 1) * 10;

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${env.API_URL}${path}`, {
    method,
    headers: { authorization: `Bearer ${env.ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

async function admin(lab: number, statement: string): Promise<readonly RowDataPacket[]> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: adminPort(lab),
    user: 'admin',
    password: 'admin',
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

/** A variable as it runs on the three proxies. */
function variableOn(name: string) {
  const select = `SELECT variable_value AS value FROM runtime_global_variables WHERE variable_name = '${name}'`;
  return Promise.all([1, 2, 3].map(async (lab) => (await admin(lab, select))[0]?.value));
}

async function planned(): Promise<string> {
  const { status, body } = await call('POST', '/v1/namespaces/shop/actions/plan', { reason: 'test' });
  expect([status, body.refusals]).toEqual([201, []]);
  return body.id;
}

/** Starts to apply a plan; resolves to where the operation is. */
async function started(plan: string, pauseMs = 500): Promise<string> {
  const strategy = { canary: { groups: 1, pauseMs }, health: { windowMs: 500 } };
  const { status, headers } = await call('POST', `/v1/plans/${plan}/actions/apply`, strategy);
  expect(status).toBe(202);
  return headers.get('location') ?? '';
}

/** Applies a plan and follows the operation to its end. */
async function applied(plan: string) {
  return ended(await started(plan));
}

async function ended(location: string) {
  let operation = (await call('GET', location)).body;
  await until(
    'the operation has ended',
    async () => {
      operation = (await call('GET', location)).body;
      return operation.endedAt !== null;
    },
    OPERATION_LIMIT_MS,
  );
  return operation;
}

/** Rows that drift, by proxy. */
async function drift(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { body } = await call('GET', '/v1/namespaces/shop/drift');
  const proxies = body.proxies as { proxy: string; rows: { words: string }[] }[];
  return Object.fromEntries(proxies.map(({ proxy, rows }) => [proxy, rows.map(({ words }) => words)]));
}

describe('the API of a local run', () => {
  test('does what the tour of the README promises, line by line', async () => {
    const ports: readonly (readonly [string, number])[] = [
      ['16052', adminPort(3)],
      ['16053', adminPort(3) + 1],
      ['16032', adminPort(1)],
    ];
    expect(readmeTour()).toContain(TOUR_PASSWORD);
    const script = ports.reduce((text, [from, to]) => text.replaceAll(from, `${to}`), readmeTour());
    const { stdout } = await execute('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: ROOT,
      env: { ...process.env, ...env, NO_COLOR: '1' },
      timeout: 300_000,
    });
    expect(stdout).toContain('+ add user tour');
    expect(stdout.match(/^succeeded$/gm)).toHaveLength(3);
    expect(stdout).toContain('change variable mysql-long_query_time: variable_value 1000 → 500');
    const users = "SELECT username FROM runtime_mysql_users WHERE username = 'tour' AND frontend = 1";
    for (const lab of [1, 2, 3]) expect(await admin(lab, users)).toHaveLength(1);
    expect(await variableOn('mysql-long_query_time')).toEqual(['1000', '1000', '1000']);
  });

  test('leaves all proxies as they were when the second group fails, and says so', async () => {
    const location = await started(await planned(), 3_000);
    const isPausing = async () => (await call('GET', location)).body.groups[0].pauseUntil !== null;
    await until('the canary is watched', isPausing, OPERATION_LIMIT_MS);
    expect(await variableOn('mysql-long_query_time')).toEqual(['500', '500', '1000']);
    // Somebody is at work on the third proxy, and has not loaded it yet.
    await admin(3, "UPDATE global_variables SET variable_value = '77' WHERE variable_name = 'mysql-max_connections'");
    const operation = await ended(location);
    expect(operation.state).toBe('rolled-back');
    expect(operation.problem).toMatch(/lab-3.*as before: lab-1, lab-2, lab-3/);
    expect(await variableOn('mysql-long_query_time')).toEqual(['1000', '1000', '1000']);
    const disk =
      "SELECT variable_value AS value FROM disk.global_variables WHERE variable_name = 'mysql-long_query_time'";
    expect((await admin(1, disk))[0]?.value).toBe('1000');
    await admin(3, 'SAVE MYSQL VARIABLES TO MEMORY');
  });

  test('tells of drift made by hand on one proxy, and repairs it', async () => {
    expect((await applied(await planned())).state).toBe('succeeded');
    expect(await variableOn('mysql-long_query_time')).toEqual(['500', '500', '500']);
    expect(await drift()).toEqual({ 'lab-1': [], 'lab-2': [], 'lab-3': [] });
    await admin(3, "UPDATE global_variables SET variable_value = '9' WHERE variable_name = 'mysql-long_query_time'");
    await admin(3, 'LOAD MYSQL VARIABLES TO RUNTIME');
    const found = await drift();
    expect(found['lab-1']).toEqual([]);
    expect(found['lab-3']?.join()).toContain('mysql-long_query_time');
    expect((await applied(await planned())).state).toBe('succeeded');
    expect(await drift()).toEqual({ 'lab-1': [], 'lab-2': [], 'lab-3': [] });
    expect(await variableOn('mysql-long_query_time')).toEqual(['500', '500', '500']);
  });

  test('keeps passwords out of its logs and tables', async () => {
    const logs = readdirSync(run.file('logs')).map((name) => readFileSync(run.file(`logs/${name}`), 'utf8'));
    expect(logs.join('\n')).toContain('createAccount');
    const db = await createConnection(env.DCDB_URL ?? '');
    const tables = ['audit', 'idempotency_keys', 'plans', 'operations', 'operation_events', 'pre_images', 'accounts'];
    const rows: unknown[] = [];
    for (const table of tables) rows.push(...((await db.query(`select * from ${table}`))[0] as unknown[]));
    await db.end();
    expect(rows.length).toBeGreaterThan(20);
    for (const text of [...logs, JSON.stringify(rows)]) expect(text).not.toContain(TOUR_PASSWORD);
  });

  test('answers nobody without a token, and nothing of other namespaces', async () => {
    expect((await call('GET', '/v1/proxies', undefined, { authorization: 'Bearer x' })).status).toBe(401);
    const { stdout } = await execute(
      'npm',
      ['run', '-s', 'token', '--', '--role', 'operator', '--namespace', 'reporting'],
      {
        cwd: ROOT,
        env: { ...process.env, ...env },
      },
    );
    const authorization = `Bearer ${stdout.trim()}`;
    expect((await call('GET', '/v1/proxies', undefined, { authorization })).body.items).toEqual([]);
    expect((await call('GET', '/v1/namespaces/shop', undefined, { authorization })).status).toBe(404);
    const viewer = { authorization: `Bearer ${env.VIEWER_TOKEN}` };
    expect((await call('POST', '/v1/namespaces/shop/actions/plan', {}, viewer)).status).toBe(403);
  });

  test('stops all writes by one switch', async () => {
    expect((await call('POST', '/v1/settings/writes', { enabled: false, reason: 'test' })).status).toBe(200);
    await admin(3, "UPDATE global_variables SET variable_value = '8' WHERE variable_name = 'mysql-long_query_time'");
    await admin(3, 'LOAD MYSQL VARIABLES TO RUNTIME');
    const { status, body } = await call('POST', `/v1/plans/${await planned()}/actions/apply`, {});
    expect([status, body.code]).toEqual([409, 'CONFLICT']);
    expect((await call('POST', '/v1/settings/writes', { enabled: true, reason: 'test' })).status).toBe(200);
    expect((await applied(await planned())).state).toBe('succeeded');
  });
});
