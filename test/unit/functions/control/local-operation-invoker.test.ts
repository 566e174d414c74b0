import { expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createLocalOperationInvoker } from '../../../../functions/control/local-operation-invoker.ts';
import { parseOperateRequest } from '../../../../functions/control/operate-request.ts';
import { until } from '../../../support/until.ts';

const request = (operationId: string) => ({ version: 1 as const, operationId });

function prepare(
  options: { maxRunning?: number; maxWaiting?: number; sweepMs?: number; sweep?: () => Promise<unknown> } = {},
) {
  const begun: string[] = [];
  const problems: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const invoker = createLocalOperationInvoker({
    ...options,
    operate: ({ operationId }, signal) => {
      begun.push(operationId);
      const gate = Promise.withResolvers<void>();
      gates.set(operationId, gate);
      signal.addEventListener('abort', () => gate.resolve());
      return gate.promise;
    },
    log: { info() {}, warn: (event) => void problems.push(event), error: (event) => void problems.push(event) },
  });
  return { invoker, begun, problems, gates };
}

test('no more than may are under way at once, and the others follow', async () => {
  const { invoker, begun, gates } = prepare({ maxRunning: 2 });
  for (const id of ['a', 'b', 'c']) await invoker.invoke(request(id));
  expect(begun).toEqual(['a', 'b']);
  gates.get('a')?.resolve();
  await until('the third has begun', () => begun.length === 3);
  await invoker.stop();
});

test('a failure is logged, and nobody else is held up by it', async () => {
  const { invoker, begun, problems, gates } = prepare({ maxRunning: 1 });
  await invoker.invoke(request('a'));
  await invoker.invoke(request('b'));
  gates.get('a')?.reject(new Error('broken'));
  await until('the second has begun', () => begun.includes('b'));
  expect(problems).toEqual(['an operation failed']);
  await invoker.stop();
});

test('too many are refused, and none is taken once it stops', async () => {
  const { invoker } = prepare({ maxRunning: 1, maxWaiting: 1 });
  await invoker.invoke(request('a'));
  await invoker.invoke(request('b'));
  expect(errorCodeOf(await invoker.invoke(request('c')).catch((error) => error))).toBe('INVOKE_THROTTLED');
  await invoker.stop();
  expect(errorCodeOf(await invoker.invoke(request('d')).catch((error) => error))).toBe('INVOKE_FAILED');
});

test('it looks again and again for what nobody works on', async () => {
  let sweeps = 0;
  const sweep = async () => {
    sweeps += 1;
    throw new Error('the DCDB is away');
  };
  const { invoker, problems } = prepare({ sweepMs: 5, sweep });
  await until('it has looked twice', () => sweeps >= 2);
  await invoker.stop();
  expect(problems).toContain('operations were not swept');
});

test('a payload is a request, an event of the schedule, or refused', () => {
  const operationId = '0f0e0d0c-0b0a-4908-8706-050403020100';
  expect(parseOperateRequest({ version: 1, operationId, groupId: 'px-1' })).toEqual({
    version: 1,
    operationId,
    groupId: 'px-1',
  });
  expect(parseOperateRequest({ 'detail-type': 'Scheduled Event' })).toBeUndefined();
  expect(parseOperateRequest(null)).toBeUndefined();
  expect(() => parseOperateRequest({ version: 2, operationId })).toThrow('no request to operate');
});
