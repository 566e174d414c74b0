import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Processlist } from '@proxywatch/core/domain/processlist';
import {
  ProcesslistSampling,
  type SamplingOptions,
} from '../../../../../functions/scanner/collect/processlist-sampling.ts';
import { createGate } from '../../../../support/fake-proxy.ts';
import { CLOCK } from '../../gateway/test-worker.ts';

const SAMPLE: Processlist = { uptimeS: 1, proxyNowS: 1, sessions: [], tellsTransactions: true, isCut: false };

function samplingOf(options: Partial<SamplingOptions> = {}) {
  const asked: number[] = [];
  const missed: unknown[] = [];
  const startedMs = Date.now();
  const sampling = new ProcesslistSampling({
    fetch: async () => {
      asked.push(Date.now() - startedMs);
      return SAMPLE;
    },
    sampleMs: 2_000,
    windowEndMs: startedMs + 9_000,
    clock: CLOCK,
    signal: new AbortController().signal,
    onMissed: (error) => missed.push(error),
    ...options,
  });
  return { sampling, asked, missed, startedMs };
}

const tooSlow = () => new ProxywatchError('PROXY_TIMEOUT', 'too slow');

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('sampling of the processlist', () => {
  test('keeps its pace until the window ends, and samples once more right at its end', async () => {
    const { sampling, asked } = samplingOf();
    const watching = sampling.watch(() => undefined);
    await jest.advanceTimersByTimeAsync(9_000);
    await watching;
    expect(asked).toEqual([0, 2_000, 4_000, 6_000, 8_000, 9_000]);
  });

  test('serves all who watch with the same samples', async () => {
    const { sampling, asked, startedMs } = samplingOf();
    const seen: Record<string, number[]> = { a: [], b: [] };
    const watching = ['a', 'b'].map((name) =>
      sampling.watch((_, atMs) => void seen[name]?.push(Math.round(atMs) - startedMs)),
    );
    await jest.advanceTimersByTimeAsync(9_000);
    await Promise.all(watching);
    expect(seen).toEqual({ a: asked, b: asked });
  });

  test('takes one sample of a window that is over', async () => {
    const { sampling, asked } = samplingOf({ windowEndMs: Date.now() });
    await sampling.watch(() => undefined);
    expect(asked).toEqual([0]);
  });

  test('asks a slow proxy again at the next beat after it answered', async () => {
    const asked: number[] = [];
    const startedMs = Date.now();
    const { sampling } = samplingOf({
      fetch: async () => {
        asked.push(Date.now() - startedMs);
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        return SAMPLE;
      },
    });
    const watching = sampling.watch(() => undefined);
    await jest.advanceTimersByTimeAsync(12_000);
    await watching;
    expect(asked).toEqual([0, 4_000, 8_000]);
  });

  test('lets one who is still busy miss samples, and nobody else', async () => {
    const gate = createGate();
    const { sampling, asked } = samplingOf();
    let [slow, quick] = [0, 0];
    const watching = [
      sampling.watch(async () => {
        slow++;
        await gate.pass();
      }),
      sampling.watch(() => void quick++),
    ];
    await jest.advanceTimersByTimeAsync(7_000);
    expect([slow, quick]).toEqual([1, 4]);
    gate.open();
    await jest.advanceTimersByTimeAsync(2_000);
    await Promise.all(watching);
    expect([slow, quick]).toEqual([3, asked.length]);
  });

  test('waits for the last sample to be looked at', async () => {
    const gate = createGate();
    const { sampling } = samplingOf({ windowEndMs: Date.now() });
    let isOver = false;
    const watching = sampling.watch(gate.pass).then(() => {
      isOver = true;
    });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(isOver).toBe(false);
    gate.open();
    await watching;
  });

  test('goes on after samples that failed', async () => {
    let calls = 0;
    const { sampling, missed } = samplingOf({
      fetch: async () => {
        if (++calls === 2) throw tooSlow();
        return SAMPLE;
      },
    });
    let seen = 0;
    const watching = sampling.watch(() => void seen++);
    await jest.advanceTimersByTimeAsync(9_000);
    await watching;
    expect([calls, seen, missed.length]).toEqual([6, 5, 1]);
  });

  test('fails when not a single sample could be taken', async () => {
    const { sampling } = samplingOf({ fetch: () => Promise.reject(tooSlow()) });
    const watching = expect(sampling.watch(() => undefined)).rejects.toMatchObject({ code: 'PROXY_TIMEOUT' });
    await jest.advanceTimersByTimeAsync(9_000);
    await watching;
  });

  test('fails at once when the proxy has no processlist', async () => {
    const { sampling } = samplingOf({ fetch: () => Promise.reject(new ProxywatchError('PROXY_UNSUPPORTED', 'none')) });
    await expect(sampling.watch(() => undefined)).rejects.toMatchObject({ code: 'PROXY_UNSUPPORTED' });
  });

  test('fails for who failed to look, at once, and goes on for the others', async () => {
    const { sampling, asked } = samplingOf();
    let seen = 0;
    const failing = expect(
      sampling.watch(async () => {
        throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
      }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const watching = sampling.watch(() => void seen++);
    await jest.advanceTimersByTimeAsync(1_000);
    await failing;
    await jest.advanceTimersByTimeAsync(8_000);
    await watching;
    expect(seen).toBe(asked.length);
  });

  test('ends with nobody left to watch', async () => {
    const { sampling, asked } = samplingOf();
    await expect(sampling.watch(() => Promise.reject(tooSlow()))).rejects.toThrow('too slow');
    await jest.advanceTimersByTimeAsync(9_000);
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  test('ends with the time of the run', async () => {
    const stopping = new AbortController();
    const { sampling, asked } = samplingOf({ signal: stopping.signal });
    const watching = expect(sampling.watch(() => undefined)).rejects.toMatchObject({ code: 'CANCELLED' });
    await jest.advanceTimersByTimeAsync(3_000);
    stopping.abort(new ProxywatchError('CANCELLED', 'the time is over'));
    await watching;
    await jest.advanceTimersByTimeAsync(6_000);
    expect(asked).toHaveLength(2);
  });

  test('is not made longer by a wall clock that steps back', async () => {
    const { sampling, asked } = samplingOf();
    const watching = sampling.watch(() => undefined);
    await jest.advanceTimersByTimeAsync(1_000);
    jest.setSystemTime(Date.now() - 3_600_000);
    await jest.advanceTimersByTimeAsync(8_000);
    await watching;
    expect(asked).toHaveLength(6);
  });
});
