import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';

const PROGRAM = new URL('../../../infra/local/migrate.ts', import.meta.url).pathname;

describe('npm run migrate', () => {
  let server: MariadbService;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server?.stop());

  test('applies what is missing, and finds nothing to do the second time', async () => {
    expect(await run({ DCDB_URL: server.url })).toEqual({
      code: 0,
      stdout:
        'migrate: applied 0001-registry\nmigrate: applied 0002-scanner\nmigrate: applied 0003-access\nmigrate: applied 0004-desired-state\nmigrate: applied 0005-control\nmigrate: applied 0006-scan-proxies\nmigrate: applied 0007-override-returns\nmigrate: applied 0008-control-history\n',
      stderr: '',
    });
    expect((await run({ DCDB_URL: server.url })).stdout).toBe('migrate: nothing to apply: the schema is up to date\n');
  });

  test.each([
    [undefined, 'not set'],
    ['postgres://u:hunter2@h/db', 'has another scheme'],
  ])('exits with code 2 when DCDB_URL is %s', async (url, problem) => {
    const { code, stderr } = await run(url === undefined ? {} : { DCDB_URL: url });
    expect(code).toBe(2);
    expect(stderr).toBe(
      `configuration: 1 problem in the environment\n  DCDB_URL: ${problem}, expected mysql://[user:password@]host[:port]/database[?tls=true|rds]\n`,
    );
  });

  test('exits with code 1 and the reason when the database cannot be reached', async () => {
    const { code, stderr } = await run({ DCDB_URL: 'mysql://u:hunter2@127.0.0.1:1/proxywatch' });
    expect(code).toBe(1);
    expect(stderr).toContain('migrate: dcdb is unavailable: connect ECONNREFUSED 127.0.0.1:1');
    expect(stderr).not.toContain('hunter2');
  });
});

function run(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PATH } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PROGRAM],
      { env: { PATH, ...env }, timeout: 60_000 },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
