import { expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createLambdaOperationInvoker } from '@proxywatch/core/drivers/lambda/lambda-operation-invoker';
import { startLambdaApi, THROTTLED } from '../../../../../support/lambda-api.ts';

const REQUEST = { version: 1 as const, operationId: '0f0e0d0c-0b0a-4908-8706-050403020100', groupId: 'px-1' };

test('an operation goes on in an invocation of its own', async () => {
  const api = await startLambdaApi();
  const invoker = createLambdaOperationInvoker({ functionName: 'operate', client: api.client });
  await invoker.invoke(REQUEST);
  expect(api.accepted).toEqual([REQUEST]);
  invoker.close();
  await api.close();
});

test('an invocation that Lambda has no room for is said to be so', async () => {
  const api = await startLambdaApi({ answer: () => THROTTLED });
  const invoker = createLambdaOperationInvoker({ functionName: 'operate', client: api.client });
  expect(errorCodeOf(await invoker.invoke(REQUEST).catch((error: unknown) => error))).toBe('INVOKE_THROTTLED');
  invoker.close();
  await api.close();
});
