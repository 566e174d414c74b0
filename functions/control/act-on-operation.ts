import {
  decideCancel,
  decideResume,
  decideRollback,
  type OperatorDecision,
} from '@proxywatch/core/domain/control/operator-decisions';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { decideOperation } from '@proxywatch/core/drivers/dcdb/control/decide-operation';
import {
  fetchLocked,
  fetchOperation,
  type OperationRecord,
  unlockAll,
} from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { StoredOperation } from '@proxywatch/core/ports/operation-store';
import type { ControlDeps } from './control-deps.ts';
import { startRollback } from './start-operation.ts';

export type OperationAction = 'rollback' | 'cancel' | 'resume';

export interface ActionRequest {
  readonly operationId: string;
  readonly action: OperationAction;
  readonly reason: string;
  readonly by: string;
}

const DECISIONS: Readonly<Record<OperationAction, (operation: StoredOperation) => OperatorDecision>> = {
  rollback: decideRollback,
  cancel: decideCancel,
  resume: decideResume,
};

const WORDS: Readonly<Record<OperationAction, string>> = {
  rollback: 'told to go back',
  cancel: 'cancelled',
  resume: 'told to go on',
};

/**
 * What somebody wishes of an operation, in the transaction of whoever calls; have `invokeAll` follow its commit. Answers the
 * operation that goes on: another one when one that has ended is taken back. Throws NOT_FOUND, CONFLICT.
 */
export async function actOnOperation(tx: Dcdb, request: ActionRequest, signal: AbortSignal): Promise<string> {
  const { operationId, action, reason, by } = request;
  let decided: OperatorDecision | undefined;
  const found = await decideOperation(tx, operationId, (operation) => {
    const decision = DECISIONS[action](operation);
    decided = decision;
    if (decision.kind !== 'change') return undefined;
    const words = `${WORDS[action]} by ${by}`;
    return {
      state: decision.state,
      groups: decision.groups,
      ...(decision.onError !== undefined && { onError: decision.onError }),
      events: [{ severity: 'info', message: reason === '' ? words : `${words}: ${reason}` }],
    };
  });
  if (found === undefined || decided === undefined)
    throw new ProxywatchError('NOT_FOUND', 'there is no such operation');
  if (decided.kind === 'refusal') throw new ProxywatchError('CONFLICT', `this cannot be done: ${decided.why}`);
  if (decided.kind === 'change') {
    if (decided.letsGo) await unlockAll(tx, operationId);
    else if (action === 'rollback') await requireLocked(tx, found, signal);
    return operationId;
  }
  const ended = await fetchOperation(tx, operationId, signal);
  if (ended === undefined) throw new ProxywatchError('NOT_FOUND', 'there is no such operation');
  return startRollback(tx, ended, { strategy: wayBack(ended), reason, createdBy: by }, signal);
}

/** What was given up is anybody's by now: another operation may be at it. */
async function requireLocked(tx: Dcdb, { id, groups }: StoredOperation, signal: AbortSignal): Promise<void> {
  const locked = await fetchLocked(tx, id, signal);
  const going = groups.filter(({ state }) => state === 'rolling-back').flatMap(({ members }) => members);
  const given = going.find((member) => !locked.has(member));
  if (given === undefined) return;
  throw new ProxywatchError('CONFLICT', `this cannot be done: ${given} was given up and is not locked any more`);
}

/** Has the operation go on, and each of its groups that nobody works on. */
export async function invokeAll(
  { operations, log }: Pick<ControlDeps, 'operations' | 'log'>,
  { id, groups }: OperationRecord,
): Promise<void> {
  const active = groups.filter(({ state }) => state === 'running' || state === 'rolling-back');
  const requests = [{ operationId: id }, ...active.map((group) => ({ operationId: id, groupId: group.id }))];
  for (const request of requests) {
    try {
      await operations.invoke({ version: 1, ...request });
    } catch (error) {
      // The next sweep finds it.
      log.warn('an operation was not invoked', { operation: id, message: messageOf(error) });
    }
  }
}

/** What was tried out before needs no canary on its way back. */
function wayBack({ strategy }: OperationRecord): OperationRecord['strategy'] {
  return { ...strategy, canary: { groups: 0, pauseMs: 0 }, onError: 'stop' };
}
