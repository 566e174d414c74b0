import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startDeadline } from '../../../../../../layers/core/src/drivers/proxysql/deadline.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a deadline', () => {
  test('aborts with PROXY_TIMEOUT at its time', () => {
    const { signal } = startDeadline('a statement', 500);
    jest.advanceTimersByTime(499);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ code: 'PROXY_TIMEOUT', message: 'a statement took longer than 500 ms' });
  });

  test('aborts with the caller, before its time and at once', () => {
    const caller = new AbortController();
    const { signal } = startDeadline('a statement', 500, caller.signal);
    caller.abort('shutdown');
    expect(signal.reason).toMatchObject({ code: 'CANCELLED', cause: 'shutdown' });
    expect(startDeadline('a statement', 500, caller.signal).signal.aborted).toBe(true);
  });

  test('calls a caller that ran out of time a time-out', () => {
    const { signal } = startDeadline('a statement', 500, AbortSignal.abort(new DOMException('late', 'TimeoutError')));
    expect(signal.reason).toMatchObject({ code: 'PROXY_TIMEOUT' });
  });

  test('leaves no timer and no listener behind', () => {
    const caller = new AbortController();
    const { signal, clear } = startDeadline('a statement', 500, caller.signal);
    clear();
    expect(jest.getTimerCount()).toBe(0);
    caller.abort();
    expect(signal.aborted).toBe(false);
  });
});
