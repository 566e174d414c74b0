import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startLocalRun } from '../support/local-run.ts';
import { Witness } from '../support/local-witness.ts';
import { isGone } from '../support/processes.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOVE_TIMEOUT_MS = 60_000;

const joined: ChildProcess[] = [];

afterEach(async () => {
  for (const child of joined.splice(0)) {
    child.kill('SIGKILL');
    await until('the gateway is gone', () => isGone(child.pid!));
  }
});

/** `npm run gateway` without npm, from another shell: all it knows is the settings that the run wrote, and its name. */
function joinGateway(envFile: string, env: Readonly<Record<string, string>>) {
  const args = ['--disable-warning=ExperimentalWarning', `--env-file=${envFile}`, 'functions/gateway/main.ts'];
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'pipe' });
  joined.push(child);
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, exited, output: () => output };
}

/** `npm run fleet -- …` without npm. */
async function fleet(envFile: string, ...args: readonly string[]): Promise<string> {
  const node = ['--disable-warning=ExperimentalWarning', `--env-file=${envFile}`, 'infra/local/fleet-cli.ts', ...args];
  return (await promisify(execFile)(process.execPath, node, { cwd: ROOT })).stdout;
}

describe('the fleet of a local run', () => {
  test('takes in a third gateway and lets it go again, and Prometheus loses and gains nothing', async () => {
    const run = await (await startLocalRun({ GATEWAY_LEASE_MS: '6000', SLOT_GRACE_SECONDS: '2' })).ready();
    const envFile = run.file('env');
    const witness = new Witness(run);
    const owners = async () => {
      const targets = await witness.query('count by (instance) (up{job="proxies"} == 1)');
      return targets.reduce((sum, { value }) => sum + value, 0) === 3 ? targets.length : 0;
    };
    await witness.untilBusy();

    const third = joinGateway(envFile, { GATEWAY_ID: 'gateway-3', GATEWAY_PORT: '0' });
    await until('three gateways share three proxies', async () => (await owners()) === 3, MOVE_TIMEOUT_MS);
    await until(
      'Prometheus has found the third gateway by itself',
      async () => (await witness.query('up{job="gateways",gateway="gateway-3"} == 1')).length === 1,
      MOVE_TIMEOUT_MS,
    );
    expect(await fleet(envFile, 'status')).toMatch(/^gateway-3 +slot-3 +127\.0\.0\.1:\d+ .* 1 +1 +\d+/m);
    await witness.pause();
    await witness.compare();

    await witness.lab('resume');
    third.child.kill('SIGTERM');
    expect(await third.exited).toBe(0);
    await until('two gateways share them again', async () => (await owners()) === 2, MOVE_TIMEOUT_MS);
    await witness.pause();
    await witness.compare();

    await witness.lab('resume');
    expect(await fleet(envFile, 'drain', 'slot-2')).toContain('slot-2 is drained');
    await until('the first has them all', async () => (await owners()) === 1, MOVE_TIMEOUT_MS);
    await fleet(envFile, 'undrain', 'slot-2');
    expect(await fleet(envFile, 'pin', 'lab-3', 'slot-2')).toContain('lab-3 is pinned to slot-2');
    await until('the second has the pinned one', async () => (await owners()) === 2, MOVE_TIMEOUT_MS);
    expect(await fleet(envFile, 'status')).toMatch(/^lab-3 +slot-2 +gateway-2 .* pinned to slot-2$/m);
    await fleet(envFile, 'unpin', 'lab-3');
    await witness.pause();
    await witness.compare();
    expect(await witness.query('resets(dbproxy_sql_executions_total[10m]) > 0')).toEqual([]);
  });

  test('tells a gateway that would take the port of another which variable to set', async () => {
    const run = await (await startLocalRun()).ready();
    const joiner = joinGateway(run.file('env'), { GATEWAY_ID: 'gateway-3', GATEWAY_PORT: run.settings.GATEWAY_PORT });
    expect(await joiner.exited).toBe(1);
    expect(joiner.output()).toContain(`cannot listen on 127.0.0.1:${run.settings.GATEWAY_PORT} (GATEWAY_PORT)`);
  });
});
