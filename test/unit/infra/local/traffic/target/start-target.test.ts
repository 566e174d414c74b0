import { afterEach, describe, expect, test } from '@jest/globals';
import { startTarget, type Target } from '../../../../../../infra/local/traffic/target/start-target.ts';
import type { Workload } from '../../../../../../infra/local/traffic/workload/create-workload.ts';
import type { Step } from '../../../../../../infra/local/traffic/workload/work-unit.ts';
import { type Answer, type FakeMysql, startFakeMysql } from '../../../../../support/fake-mysql.ts';
import { until } from '../../../../../support/until.ts';

const ok = { ok: true } as const;

/** Two statements to warm up with, then `steps` over and over. */
function workloadOf(...sql: (string | number)[]): Workload {
  const steps: Step[] = sql.map((step) =>
    typeof step === 'string' ? { kind: 'statement', sql: step } : { kind: 'think', ms: step },
  );
  const unit = (given: readonly Step[]) => ({ user: 'app_ro', schema: 'shop', steps: given }) as const;
  return {
    warmUpUnits: 2,
    warmUpUnit: (index) => unit([{ kind: 'statement', sql: `warm ${index}` }]),
    unitAt: () => unit(steps),
  };
}

describe('the traffic of one proxy', () => {
  let target: Target | undefined;
  let proxy: FakeMysql | undefined;
  const lines: string[] = [];
  afterEach(async () => {
    await target?.stop();
    await proxy?.stop();
    lines.length = 0;
  });

  async function start(answer: (sql: string) => Promise<Answer>, workload: Workload, concurrency = 4) {
    proxy = await startFakeMysql(answer);
    target = startTarget({
      address: { host: '127.0.0.1', port: proxy.port },
      workload,
      rate: 500,
      concurrency,
      log: (line) => lines.push(line),
    });
    return { proxy, target };
  }

  test('starts with the warm-up and goes on with the workload', async () => {
    const { proxy, target } = await start(async () => ok, workloadOf('hot'), 1);
    await until('six statements ran', () => target.status().executed >= 6);
    expect(proxy.seen.slice(0, 4)).toEqual(['warm 0', 'warm 1', 'hot', 'hot']);
    expect(target.status()).toMatchObject({ up: true, warm: true, failed: {}, lost: 0 });
  });

  test('never has more under way than it may', async () => {
    let [now, most] = [0, 0];
    const gate = Promise.withResolvers<void>();
    const { target } = await start(async () => {
      now += 1;
      most = Math.max(most, now);
      await gate.promise;
      now -= 1;
      return ok;
    }, workloadOf('hot'));
    await until('four are under way', () => now === 4);
    gate.resolve();
    await until('twenty have ended', () => target.status().executed > 20);
    expect(most).toBe(4);
  });

  test('pauses only once nothing is in flight, sends nothing while paused, and resumes', async () => {
    const gate = Promise.withResolvers<void>();
    let held = 0;
    const { proxy, target } = await start(async (sql) => {
      if (sql === 'held') {
        held += 1;
        await gate.promise;
      }
      return ok;
    }, workloadOf('held'));
    await until('four are held', () => held === 4);
    let paused = false;
    const pausing = target.pause().then(() => {
      paused = true;
    });
    await until('four are in flight', () => target.status().inFlight === 4);
    expect(paused).toBe(false);
    gate.resolve();
    await pausing;
    expect(target.status().inFlight).toBe(0);
    const before = proxy.seen.length;
    for (let i = 0; i < 200; i++) await new Promise(setImmediate);
    expect(proxy.seen.length).toBe(before);
    target.resume();
    await until('traffic goes on', () => proxy.seen.length > before);
  });

  test('cuts the thinking of a long transaction short when it is paused', async () => {
    const { proxy, target } = await start(async () => ok, workloadOf('BEGIN', 3_600_000, 'COMMIT'));
    await until('a transaction has begun', () => proxy.seen.includes('BEGIN'));
    await target.pause();
    const count = (sql: string) => proxy.seen.filter((seen) => seen === sql).length;
    expect(count('COMMIT')).toBe(count('BEGIN'));
  });

  test('counts failed statements by their number, and rolls a failed transaction back', async () => {
    const answer = async (sql: string) => (sql === 'bad' ? { errno: 1062 } : ok);
    const { proxy, target } = await start(answer, workloadOf('BEGIN', 'bad', 'COMMIT'), 1);
    await until('two have failed', () => (target.status().failed['1062'] ?? 0) >= 2);
    expect(proxy.seen.slice(2, 6)).toEqual(['BEGIN', 'bad', 'ROLLBACK', 'BEGIN']);
    expect(target.status()).toMatchObject({ up: true, lost: 0 });
    expect(proxy.seen).not.toContain('COMMIT');
  });

  test('comes back by itself when the proxy does, and warms it up again', async () => {
    const { proxy: first, target } = await start(async () => ok, workloadOf('hot'));
    await until('the warm-up is over', () => target.status().warm && target.status().executed > 5);
    await first.stop();
    await until('it is seen to be gone', () => !target.status().up);
    const second = await startFakeMysql(async () => ok, first.port);
    proxy = second;
    await until('it is back and warm', () => target.status().up && target.status().warm);
    await until('the second saw the warm-up', () => ['warm 0', 'warm 1'].every((sql) => second.seen.includes(sql)));
    expect(lines.at(-1)).toBe(`127.0.0.1:${first.port}: back`);
    // One line for going, one for coming back, however many attempts were between.
    expect(lines).toHaveLength(2);
  });

  test('waits for a proxy that is not there yet, and can be stopped meanwhile', async () => {
    const { proxy: gone } = await start(async () => ok, workloadOf('hot'));
    await target?.stop();
    await gone.stop();
    target = startTarget({
      address: { host: '127.0.0.1', port: gone.port },
      workload: workloadOf('hot'),
      rate: 10,
      log: () => {},
    });
    await until('it is seen to be away', () => target?.status().up === false);
    await target.stop();
    expect(target.status()).toMatchObject({ executed: 0, inFlight: 0 });
    proxy = undefined;
  });

  test('gives a statement up that is never answered, and takes another session', async () => {
    proxy = await startFakeMysql((sql) => (sql === 'warm 0' ? new Promise(() => {}) : Promise.resolve(ok)));
    target = startTarget({
      address: { host: '127.0.0.1', port: proxy.port },
      workload: { ...workloadOf('hot'), warmUpUnits: 1 },
      rate: 100,
      concurrency: 1,
      statementTimeoutMs: 50,
      log: (line) => lines.push(line),
    });
    await until('something is told', () => lines.length > 0);
    expect(lines[0]).toContain('no answer within 50 ms');
    expect(target.status().lost).toBe(1);
  });
});
