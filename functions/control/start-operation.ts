import { randomUUID } from 'node:crypto';
import type { Strategy } from '@proxywatch/core/domain/control/operation';
import type { PlanDocument } from '@proxywatch/core/domain/control/plan';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { insertOperation } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import type { OperationRecord } from '@proxywatch/core/drivers/dcdb/control/operation-rows';
import { fetchPlan, markApplied, type PlanRecord } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { fetchWritesSwitch } from '@proxywatch/core/drivers/dcdb/settings/writes-switch';
import { boundedMap } from './bounded-map.ts';
import type { ControlDeps } from './control-deps.ts';
import { fetchDesired } from './desired.ts';
import { plannedIntent } from './planning/planned-intent.ts';

const AT_ONCE = 20;

/** Groups that a plan changes, or makes rows managed in. */
export function groupsToChange({ groups }: PlanDocument) {
  return groups.filter(
    ({ kind, proxies }) =>
      kind === 'managed' && proxies.some(({ changes, adopted }) => changes.length > 0 || adopted.length > 0),
  );
}

/**
 * Throws CONFLICT when a plan is not open, expired, or not what it was made from any more; UNPROCESSABLE when it has
 * refusals. Reads the proxies: done before the transaction that begins the operation, and again by each group's guard.
 */
export async function requireCurrent(
  deps: ControlDeps,
  { document, state, isExpired }: PlanRecord,
  signal: AbortSignal,
): Promise<void> {
  if (state !== 'open') throw new ProxywatchError('CONFLICT', `the plan is ${state}`);
  if (isExpired) throw new ProxywatchError('CONFLICT', 'the plan has expired: make another one');
  if (document.refusals.length > 0) {
    const problems = document.refusals.map(({ message }, i) => ({ pointer: `/refusals/${i}`, message }));
    throw new ProxywatchError('UNPROCESSABLE', 'the plan is refused', { problems });
  }
  const desired = await fetchDesired(deps, document.namespace, signal);
  if (desired.revision !== document.namespaceRevision) {
    throw new ProxywatchError('CONFLICT', 'the plan is outdated: the namespace was changed since');
  }
  await boundedMap(groupsToChange(document), AT_ONCE, ({ id }) => plannedIntent(deps, document, desired, id, signal));
}

export interface StartRequest {
  readonly planId: string;
  readonly strategy: Strategy;
  readonly reason: string;
  readonly createdBy: string;
}

/**
 * Begins to apply a plan, in the transaction of whoever calls; have `invokeOperation` follow its commit. Throws CONFLICT
 * when the plan was applied meanwhile, another operation has one of the proxies, or writes are switched off.
 */
export async function startOperation(tx: Dcdb, request: StartRequest, signal: AbortSignal): Promise<string> {
  const { planId, strategy, reason, createdBy } = request;
  await requireWrites(tx, signal);
  const plan = await fetchPlan(tx, planId, signal, { lock: true });
  if (plan === undefined) throw new ProxywatchError('NOT_FOUND', 'there is no such plan');
  if (plan.state !== 'open') throw new ProxywatchError('CONFLICT', `the plan is ${plan.state}`);
  const groups = groupsToChange(plan.document);
  requireBounded(groups, strategy);
  const id = randomUUID();
  const { namespace } = plan;
  await insertOperation(tx, { id, kind: 'apply', planId, namespace, strategy, reason, createdBy, groups });
  await markApplied(tx, planId);
  return id;
}

/** Begins to take an operation back that has ended; its done groups only, the others are as before. */
export async function startRollback(
  tx: Dcdb,
  operation: OperationRecord,
  request: Omit<StartRequest, 'planId'>,
  signal: AbortSignal,
): Promise<string> {
  await requireWrites(tx, signal);
  const groups = operation.groups.filter(({ state }) => state === 'done');
  requireBounded(groups, request.strategy);
  const id = randomUUID();
  const { namespace } = operation;
  await insertOperation(tx, { ...request, id, kind: 'rollback', ofOperation: operation.id, namespace, groups });
  return id;
}

/** Has the operation go on; a failure is only logged, since the next sweep finds it. */
export async function invokeOperation(
  { operations, log }: Pick<ControlDeps, 'operations' | 'log'>,
  operationId: string,
): Promise<void> {
  try {
    await operations.invoke({ version: 1, operationId });
  } catch (error) {
    log.warn('an operation was not invoked', {
      operation: operationId,
      code: errorCodeOf(error),
      message: messageOf(error),
    });
  }
}

async function requireWrites(tx: Dcdb, signal: AbortSignal): Promise<void> {
  const { enabled, reason } = await fetchWritesSwitch(tx, { signal });
  if (enabled) return;
  throw new ProxywatchError(
    'CONFLICT',
    reason === '' ? 'writes are switched off' : `writes are switched off: ${reason}`,
  );
}

function requireBounded(groups: readonly { readonly members: readonly string[] }[], { maxProxies }: Strategy): void {
  const count = groups.reduce((sum, { members }) => sum + members.length, 0);
  if (count === 0) throw new ProxywatchError('UNPROCESSABLE', 'there is nothing to change');
  if (count <= maxProxies) return;
  const problem = { pointer: '/maxProxies', message: `${count} proxies would be changed, ${maxProxies} are allowed` };
  throw new ProxywatchError('UNPROCESSABLE', 'too many proxies', { problems: [problem] });
}
