import type { OperationEvent } from '../../../domain/control/group-work.ts';
import type { Dcdb } from '../create-dcdb.ts';

/** What a TEXT column takes in any character set. */
const MAX_MESSAGE = 8_000;

export async function insertEvents(tx: Dcdb, operationId: string, events: readonly OperationEvent[]): Promise<void> {
  if (events.length === 0) return;
  const values = events.map(({ groupId, proxyId, severity, message }) => ({
    operation_id: operationId,
    group_id: groupId ?? null,
    proxy_id: proxyId ?? null,
    severity,
    message: cut(message),
  }));
  await tx.insertInto('operation_events').values(values).execute();
}

/** Problems and messages of any length, as far as they are kept. */
export function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}
