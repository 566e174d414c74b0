import type { StoredEvent } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import type { OperationRecord } from '@proxywatch/core/drivers/dcdb/control/operation-rows';

/** An operation as the API shows it, with its newest events, oldest first. */
export function operationResource(operation: OperationRecord, events: readonly StoredEvent[]) {
  return {
    ...operationSummary(operation),
    strategy: operation.strategy,
    groups: operation.groups.map(({ id, position, members, state, step, pending, attempts, problem, updatedAt }) => ({
      id,
      position,
      members,
      state,
      step,
      pauseUntil: pending.pauseUntilMs === undefined ? null : new Date(pending.pauseUntilMs).toISOString(),
      attempts,
      problem: problem ?? null,
      updatedAt: updatedAt.toISOString(),
    })),
    events: events.map(({ id, at, severity, groupId, proxyId, message }) => ({
      id,
      at: at.toISOString(),
      severity,
      group: groupId ?? null,
      proxy: proxyId ?? null,
      message,
    })),
  };
}

/** One line of a list. */
export function operationSummary(operation: Omit<OperationRecord, 'groups' | 'strategy'>) {
  const { id, kind, planId, ofOperation, namespace, state, reason, problem, createdBy, revision } = operation;
  return {
    id,
    kind,
    planId: planId ?? null,
    ofOperation: ofOperation ?? null,
    namespace,
    state,
    reason,
    problem: problem ?? null,
    createdBy,
    revision,
    createdAt: operation.createdAt.toISOString(),
    updatedAt: operation.updatedAt.toISOString(),
    endedAt: operation.endedAt?.toISOString() ?? null,
  };
}
