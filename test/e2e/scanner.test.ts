import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { BACKEND_USERS, type UserName } from '../../infra/local/traffic/backend-users.ts';
import { type LocalRun, startLocalRun } from '../support/local-run.ts';
import { Witness } from '../support/local-witness.ts';
import { increases, LABS, ScanWitness } from '../support/scan-witness.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TICK_MS = 5_000;
/** A transaction must be seen twice before its end, and be told within a tick or two. */
const HELD_MS = 12_000;
const START_TIMEOUT_MS = 240_000;
const EVENT_TIMEOUT_MS = 30_000;
/** A proxy says when a transaction began to 2 s; its end is known to half of the time between two samples. */
const BEGIN_ERROR_MS = 2_500;
const END_ERROR_MS = 1_500;
const KILLS = 3;
/** One that was killed holds its proxies until its lease runs out; the next one reads only then. */
const LEASE_TIMEOUT_MS = 40_000;

type Event = Readonly<Record<string, unknown>>;

let run: LocalRun;
let witness: Witness;
let sinks: ScanWitness;
/** The sums around a span of traffic, and what was done in it. */
let span: Awaited<ReturnType<typeof spanOf>>;
const deeds = { sleptAtMs: 0, begunAtMs: 0, heldMs: 0 };

beforeAll(async () => {
  run = await (await startLocalRun({ SCAN_TICK_MS: `${TICK_MS}` }, 'file')).ready();
  witness = new Witness(run);
  sinks = new ScanWitness(run);
  await sinks.scans(1);
  span = await spanOf(async () => {
    await Promise.all([runSlowStatement(), holdTransaction(), askUnknownTable()]);
  });
}, START_TIMEOUT_MS);
afterAll(() => sinks?.close());

async function runSlowStatement(): Promise<void> {
  const client = await connectTo(1, 'app_ro');
  deeds.sleptAtMs = Date.now();
  await client.query('SELECT SLEEP(1.5)');
  await client.end();
}

async function holdTransaction(): Promise<void> {
  const client = await connectTo(2, 'app_rw');
  await client.query('BEGIN');
  await client.query('SELECT COUNT(*) FROM customers WHERE id = 7 FOR UPDATE');
  deeds.begunAtMs = Date.now();
  // Not a wait for anything: this is the transaction.
  await sleep(HELD_MS);
  await client.query('ROLLBACK');
  deeds.heldMs = Date.now() - deeds.begunAtMs;
  await client.end();
}

async function askUnknownTable(): Promise<void> {
  // From a schema of which the traffic asks for nothing that is missing: a row holds the latest message of its kind.
  const client = await connectTo(3, 'app_ro', 'crm');
  await expect(client.query('SELECT 1 FROM nowhere_to_be_found')).rejects.toMatchObject({ errno: 1146 });
  await client.end();
}

/** A client of a proxy, as an application is one. */
function connectTo(lab: number, name: UserName, schema = BACKEND_USERS[name].defaultSchema) {
  const port = witness.adminPort(lab) + 1;
  const { password } = BACKEND_USERS[name];
  return createConnection({ host: '127.0.0.1', port, user: name, password, database: schema });
}

/** Lets traffic run between two rests; answers what gateways counted meanwhile, and what was stored. */
async function spanOf(busy: () => Promise<void>) {
  await witness.lab('pause');
  const before = await sinks.sums();
  await witness.lab('resume');
  await busy();
  await witness.lab('pause');
  const after = await sinks.sums();
  return { shown: increases(before.shown, after.shown), stored: increases(before.stored, after.stored) };
}

/** At least so many runs have begun since an event was read. */
async function runsSince(event: Event | undefined): Promise<number> {
  const sql = 'SELECT COUNT(*) AS runs FROM scan_runs WHERE tick_at > ?';
  return Number((await sinks.rows(sql, [String(event?.observedAt).replace(/[TZ]/g, ' ')]))[0]?.runs);
}

/** Ids of events that have more than one row. */
async function doubled(): Promise<readonly unknown[]> {
  const tables = ['slow_sql', 'slow_transactions', 'key_logs', 'sql_errors'];
  const found = tables.map((table) =>
    sinks.rows(`SELECT '${table}' AS name, event_id FROM ${table} GROUP BY event_id HAVING COUNT(*) > 1`),
  );
  return (await Promise.all(found)).flat();
}

/** A program of `npm run` without npm. */
function nodeArguments(program: string, args: readonly string[]): string[] {
  const quiet = ['ExperimentalWarning', 'TimeoutNegativeWarning'].map((name) => `--disable-warning=${name}`);
  return [...quiet, `--env-file=${run.file('env')}`, program, ...args];
}

describe('the scanner of a local run', () => {
  test('stores in sql_stats what gateways count, to the execution and microsecond', () => {
    expect(Math.min(...LABS.map((lab) => span.shown[lab].executions))).toBeGreaterThan(50);
    expect(span.stored).toEqual(span.shown);
  });

  test('tells of a slow statement once, to Kafka and the DCDB, with who ran what for how long', async () => {
    const isOurs = (event: Event) =>
      event.proxy === 'lab-1' && event.user === 'app_ro' && event.text === 'SELECT SLEEP(?)';
    const told = () => sinks.events('slowSql').filter(isOurs);
    await until('it is told', () => told().length > 0, EVENT_TIMEOUT_MS);
    const [event] = told();
    await until('three more runs', async () => (await runsSince(event)) > 3, EVENT_TIMEOUT_MS);
    expect(told()).toHaveLength(1);
    expect(event).toMatchObject({
      schema: 'proxywatch.slow-sql.v1',
      namespace: 'shop',
      isExact: true,
      digest: expect.stringMatching(/^0x[0-9A-F]{16}$/),
      hostgroup: '20',
      schemaName: 'shop',
    });
    expect(event?.durationUs).toBeGreaterThanOrEqual(1_500_000);
    // A busy machine answers late.
    expect(event?.durationUs).toBeLessThan(3_000_000);
    // Of one that no sample saw, the earliest begin that is possible is told.
    expect(Math.abs(Date.parse(String(event?.startedAt)) - deeds.sleptAtMs)).toBeLessThan(2 * TICK_MS);
    expect(
      await sinks.rows(
        `SELECT event_id, digest, user_name, schema_name, duration_us, started_at FROM slow_sql
         WHERE proxy = 'lab-1' AND user_name = 'app_ro' AND text = 'SELECT SLEEP(?)'`,
      ),
    ).toEqual([
      {
        event_id: event?.eventId,
        digest: event?.digest,
        user_name: 'app_ro',
        schema_name: 'shop',
        duration_us: event?.durationUs,
        started_at: new Date(String(event?.startedAt)),
      },
    ]);
  });

  test('tells of a transaction that was held open as of one event with its duration', async () => {
    const isOurs = ({ proxy, user, startedAt }: Event) =>
      proxy === 'lab-2' &&
      user === 'app_rw' &&
      Math.abs(Date.parse(String(startedAt)) - deeds.begunAtMs) < BEGIN_ERROR_MS;
    const told = () => sinks.events('slowTransactions').filter(isOurs);
    await until('its end is told', () => told().some(({ state }) => state === 'closed'), EVENT_TIMEOUT_MS);
    const ids = [...new Set(told().map(({ eventId }) => String(eventId)))];
    expect(ids).toHaveLength(1);
    const stored = await sinks.rows(
      `SELECT state, duration_ms, user_name, schema_name, hostgroup, statement FROM slow_transactions
       WHERE event_id IN (?)`,
      ids,
    );
    expect(stored).toEqual([
      {
        state: 'closed',
        duration_ms: told().at(-1)?.durationMs,
        user_name: 'app_rw',
        schema_name: 'shop',
        hostgroup: '10',
        statement: null,
      },
    ]);
    expect(Math.abs(stored[0]?.duration_ms - deeds.heldMs)).toBeLessThan(BEGIN_ERROR_MS + END_ERROR_MS);
  });

  test('counts an unknown table in sql_errors', async () => {
    const find = () =>
      sinks.rows(
        `SELECT error_count, source, user_name, hostgroup, server, last_error FROM sql_errors
         WHERE proxy = 'lab-3' AND errno = 1146 AND schema_name = 'crm'`,
      );
    await until('it is counted', async () => (await find()).length > 0, EVENT_TIMEOUT_MS);
    expect(await find()).toEqual([
      {
        error_count: 1,
        source: 'backend',
        user_name: 'app_ro',
        hostgroup: '20',
        server: new URL(String(run.env().LAB_BACKEND_URL)).host,
        last_error: "Table 'crm.nowhere_to_be_found' doesn't exist",
      },
    ]);
  });

  test('tells of a restarted proxy once', async () => {
    await witness.lab('restart', '1');
    const told = () => sinks.events('keyLogs').filter(({ event }) => event === 'restart');
    await until('the restart is told', () => told().length > 0, EVENT_TIMEOUT_MS);
    await sinks.scans(1);
    expect(told()).toEqual([expect.objectContaining({ proxy: 'lab-1', schema: 'proxywatch.key-logs.v1' })]);
    expect(await sinks.rows("SELECT proxy, event_id FROM key_logs WHERE event = 'restart'")).toEqual([
      { proxy: 'lab-1', event_id: told()[0]?.eventId },
    ]);
  });

  test('loses and doubles nothing when it is killed, between persisting and delivering, and at random', async () => {
    const { shown, stored } = await spanOf(async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        await until('what was left behind is delivered', async () => !(await sinks.isPending()), LEASE_TIMEOUT_MS);
        if (kill % 2 === 0) await sinks.untilPending();
        else await sleep(Math.random() * TICK_MS);
        const before = run.pidOf('scanner');
        process.kill(before, 'SIGKILL');
        await until('the scanner runs again', () => run.isRestarted('scanner', before));
      }
    });
    expect(stored).toEqual(shown);
    expect(await doubled()).toEqual([]);
  });

  test('shows each proxy as it is', async () => {
    const statuses = await sinks.statuses();
    for (const lab of LABS) {
      expect(statuses.get(lab)).toMatchObject({ reachable: true, status: { version: expect.stringMatching(/^2\./) } });
    }
  });

  test('prints a round, and events, for people', async () => {
    const args = nodeArguments('infra/local/scan/cli.ts', []);
    const round = await promisify(execFile)(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect(round.stderr).toBe('');
    expect(round.stdout).toMatch(/^PROXY +OUTCOME +COLLECTOR +RECORDS +PROBLEM$/m);
    for (const lab of LABS) expect(round.stdout).toMatch(new RegExp(`^${lab} +collected +status +1$`, 'm'));
    expect(round.stdout).toMatch(/^collected 3; \d+ records; batches: \d+ delivered, 0 pending, 0 refused$/m);

    const tail = spawn(process.execPath, nodeArguments('infra/local/tail-cli.ts', ['slow-sql', '--from-beginning']), {
      cwd: ROOT,
    });
    let lines = '';
    tail.stdout.on('data', (chunk) => {
      lines += chunk;
    });
    const slow = /^\d\d:\d\d:\d\d\.\d{3} {2}lab-1 +app_ro@shop +[12]\.\d s {2}SELECT SLEEP\(\?\)$/m;
    await until('the slow statement is printed', () => slow.test(lines), EVENT_TIMEOUT_MS);
    tail.kill('SIGINT');
    expect(await new Promise((resolve) => tail.once('close', resolve))).toBe(0);
  });

  test('logs lines of JSON, without what users typed', () => {
    const lines = readFileSync(run.file('logs/scanner.log'), 'utf8').trim().split('\n');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    expect(lines.filter((line) => /SLEEP\(|nowhere_to_be_found|@example\.com/.test(line))).toEqual([]);
  });
});
