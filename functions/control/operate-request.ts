import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { OperateRequest } from '@proxywatch/core/ports/operation-invoker';
import { z } from 'zod';

const schema = z.strictObject({
  version: z.literal(1),
  operationId: z.uuid(),
  groupId: z.string().min(1).max(128).optional(),
});

/** A request out of an invocation's payload; `undefined` for one of the schedule. Throws REQUEST_INVALID. */
export function parseOperateRequest(event: unknown): OperateRequest | undefined {
  if (typeof event !== 'object' || event === null || !('operationId' in event)) return undefined;
  const { success, data } = schema.safeParse(event);
  if (!success) throw new ProxywatchError('REQUEST_INVALID', 'the payload is no request to operate');
  const { operationId, groupId } = data;
  return { version: 1, operationId, ...(groupId !== undefined && { groupId }) };
}
