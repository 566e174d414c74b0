import { describe, expect, test } from '@jest/globals';
import type { OperateRequest } from '@proxywatch/core/ports/operation-invoker';
import { createInProcessOperations } from '../../../../../functions/api/shared/in-process-operations.ts';
import { until } from '../../../../support/until.ts';

const request = (groupId: string): OperateRequest => ({ version: 1, operationId: 'op', groupId });

function start(options: { maxRunning?: number; maxWaiting?: number } = {}) {
  const lines: string[] = [];
  const log = { info: () => {}, warn: (event: string) => void lines.push(event), error: () => {} };
  const started: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const operations = createInProcessOperations({
    ...options,
    log,
    async operate({ groupId = '' }, signal) {
      started.push(groupId);
      const gate = Promise.withResolvers<void>();
      gates.set(groupId, gate);
      signal.addEventListener('abort', () => gate.reject(signal.reason));
      await gate.promise;
    },
  });
  return { operations, started, gates, lines };
}

describe('operations in the process of the API', () => {
  test('go on after the call that asked for them, so many at a time', async () => {
    const { operations, started, gates } = start({ maxRunning: 2 });
    for (const id of ['a', 'b', 'c']) await operations.invoke(request(id));
    expect(started).toEqual(['a', 'b']);
    gates.get('a')?.resolve();
    await until('the third is started', () => started.length === 3);
    await operations.stop();
  });

  test('are refused when too many wait', async () => {
    const { operations } = start({ maxRunning: 1, maxWaiting: 1 });
    await operations.invoke(request('a'));
    await operations.invoke(request('b'));
    await expect(operations.invoke(request('c'))).rejects.toMatchObject({ code: 'INVOKE_THROTTLED' });
    await operations.stop();
  });

  test('that fail are logged, and leave the others alone', async () => {
    const { operations, gates, lines, started } = start({ maxRunning: 1 });
    await operations.invoke(request('a'));
    await operations.invoke(request('b'));
    gates.get('a')?.reject(new Error('broken'));
    await until('the second is started', () => started.includes('b'));
    expect(lines).toEqual(['a step of an operation failed']);
    await operations.stop();
  });

  test('are given up when the process stops', async () => {
    const { operations } = start();
    await operations.invoke(request('a'));
    await operations.stop();
    await expect(operations.invoke(request('b'))).rejects.toMatchObject({ code: 'INVOKE_FAILED' });
  });
});
