import { describe, expect, test } from '@jest/globals';
import { supervise } from '../../../../../infra/local/launcher/supervise.ts';
import type { Child, Exit } from '../../../../../infra/local/services/child.ts';
import { until } from '../../../../support/until.ts';

/** A process that lives until it is told to die. */
function puppet() {
  const { promise, resolve } = Promise.withResolvers<Exit>();
  const child: Child = {
    pid: 1,
    exited: promise,
    stop: async () => {
      resolve({ code: 0, signal: null });
      return promise;
    },
  };
  return { child, die: () => resolve({ code: null, signal: 'SIGKILL' }) };
}

function factory() {
  const born: ReturnType<typeof puppet>[] = [];
  return {
    born,
    start: async () => {
      const next = puppet();
      born.push(next);
      return next.child;
    },
  };
}

const signal = new AbortController().signal;

describe('a supervised process', () => {
  test('that dies is not started again unless asked for', async () => {
    const { born, start } = factory();
    const process = await supervise(start, signal);
    born[0]?.die();
    expect(await process.ended).toBe('was ended by SIGKILL');
    expect(born).toHaveLength(1);
  });

  test('that dies is started again, and the reason told', async () => {
    const { born, start } = factory();
    const reasons: string[] = [];
    const process = await supervise(start, signal, { respawn: true, onRespawn: (reason) => reasons.push(reason) });
    born[0]?.die();
    await until('the second life', () => born.length === 2);
    expect(reasons).toEqual(['was ended by SIGKILL']);
    await process.stop();
    expect(born).toHaveLength(2);
  });

  test('that dies again and again is given up', async () => {
    const { born, start } = factory();
    const process = await supervise(start, signal, { respawn: true });
    for (let life = 1; life <= 6; life += 1) {
      await until(`life ${life}`, () => born.length === life);
      born[life - 1]?.die();
    }
    expect(await process.ended).toMatch(/^was ended by SIGKILL, 6 times within \d+ s$/);
  });

  test('that dies while it starts again is started once more', async () => {
    const { born, start } = factory();
    const reasons: string[] = [];
    let starts = 0;
    const process = await supervise(
      async () => {
        starts += 1;
        if (starts === 2) throw new Error('killed');
        return start();
      },
      signal,
      { respawn: true, onRespawn: (reason) => reasons.push(reason) },
    );
    born[0]?.die();
    await until('the second life', () => born.length === 2);
    expect(reasons).toEqual(['was ended by SIGKILL', 'did not start again: killed']);
    await process.stop();
  });

  test('that cannot be started again is given up after five attempts, and tells why', async () => {
    const { born, start } = factory();
    let failed = 0;
    const process = await supervise(
      async () => {
        if (born.length === 0) return start();
        failed += 1;
        throw new Error('no port');
      },
      signal,
      { respawn: true },
    );
    born[0]?.die();
    expect(await process.ended).toBe('was ended by SIGKILL and did not start again: no port');
    expect(failed).toBe(5);
  });

  test('stopped while it is being started again leaves nothing running', async () => {
    const { born, start } = factory();
    const gate = Promise.withResolvers<void>();
    let starts = 0;
    const process = await supervise(
      async () => {
        starts += 1;
        if (starts === 2) await gate.promise;
        return start();
      },
      signal,
      { respawn: true },
    );
    born[0]?.die();
    await until('the second start', () => starts === 2);
    const stopped = process.stop();
    gate.resolve();
    await stopped;
    expect(await born[1]?.child.exited).toEqual({ code: 0, signal: null });
  });
});
