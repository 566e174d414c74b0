import { randomUUID } from 'node:crypto';
import { DEFAULT_STRATEGY } from '@proxywatch/core/domain/control/default-strategy';
import type { Strategy } from '@proxywatch/core/domain/control/operation';
import type { PlanDocument } from '@proxywatch/core/domain/control/plan';
import { errorCodeOf, isProxywatchError, messageOf } from '@proxywatch/core/domain/errors';
import { insertAuditRows } from '@proxywatch/core/drivers/dcdb/access/audit-log';
import { inTransaction } from '@proxywatch/core/drivers/dcdb/control/in-transaction';
import { insertPlan } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import {
  claimReturns,
  fetchNamespacesToReturn,
  fetchOperationUnderWay,
  lockEndedReturns,
  lockReturns,
  noteReturns,
} from '@proxywatch/core/drivers/dcdb/servers/override-returns';
import type { ServerOverrideRecord } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import { type ControlDeps, timesOf } from './control-deps.ts';
import { fetchReturningPlaces } from './desired.ts';
import { makePlan } from './make-plan.ts';
import { problemOfReturn } from './problem-of-return.ts';
import { groupsToChange, invokeOperation, startOperation } from './start-operation.ts';

const NAMESPACES_AT_ONCE = 20;
const MOST_ENDED = 500;
/** Whoever set out and died, or met something in the way, is followed by another one then. */
const RETRY_MS = 55_000;
const SYSTEM = 'system';

type Tx = Parameters<typeof insertAuditRows>[0];

/**
 * Has proxies follow the end of server overrides: a temporary weight is taken back where it runs. A namespace's servers are
 * planned, and the plan is applied without being asked if all that it changes comes of overrides that ran out, and nothing
 * speaks against it; otherwise what is in the way is noted with the override, and looked at again a minute later. Any number of
 * these may run at once, and die at any point. Answers how many operations began.
 */
export async function returnOverrides(
  deps: ControlDeps,
  signal: AbortSignal,
  strategy: Strategy = DEFAULT_STRATEGY,
): Promise<number> {
  await settleReturns(deps, signal);
  const due = { nowMs: deps.nowMs(), retryMs: RETRY_MS, limit: NAMESPACES_AT_ONCE };
  let begun = 0;
  for (const namespace of await fetchNamespacesToReturn(deps.db, due, signal)) {
    try {
      if (await returnIn(deps, namespace, strategy, signal)) begun += 1;
    } catch (error) {
      if (signal.aborted) throw error;
      deps.log.warn('overrides were not returned', { namespace, code: errorCodeOf(error), message: messageOf(error) });
    }
  }
  return begun;
}

/** Of operations that have ended: where all went well the proxies are as before, and else somebody has to look. */
async function settleReturns({ db, nowMs }: ControlDeps, signal: AbortSignal): Promise<void> {
  await inTransaction(db, async (tx) => {
    for (const { override, operation, problem, isOvertaken } of await lockEndedReturns(tx, MOST_ENDED, signal)) {
      const noted =
        problem !== undefined && isOvertaken
          ? ({ kind: 'again', problem } as const)
          : ({ kind: 'returned', nowMs: nowMs(), problem } as const);
      await noteReturns(tx, [override], noted, signal);
      await audit(tx, [override], problem === undefined ? 'returned' : 'return-failed', { operation, problem }, signal);
    }
  });
}

async function returnIn(
  deps: ControlDeps,
  namespace: string,
  strategy: Strategy,
  signal: AbortSignal,
): Promise<boolean> {
  const overrides = await claimReturns(deps.db, namespace, { nowMs: deps.nowMs(), retryMs: RETRY_MS }, signal);
  if (overrides.length === 0) return false;
  try {
    // Past its guard it may write what held then, although the proxies look returned now. One that begins later is refused.
    const busy = await fetchOperationUnderWay(deps.db, namespace, signal);
    if (busy !== undefined) {
      return await noteProblem(
        deps,
        overrides,
        `${busy.proxy} is being changed by operation ${busy.operation}`,
        signal,
      );
    }
    const ids = new Set(overrides.map(({ id }) => id));
    const reason = `ran out: ${overrides.map(wordsOf).join(', ')}`.slice(0, 1_000);
    const options = { acceptLoads: false, adopt: false, allowMassDelete: false };
    const plan = await makePlan(deps, { namespace, modules: ['servers'], options, reason }, signal);
    const problem = problemOfReturn(plan, await fetchReturningPlaces(deps, namespace, ids, signal));
    if (problem !== undefined) return await noteProblem(deps, overrides, problem, signal);
    return await begin(deps, overrides, plan, strategy, signal);
  } catch (error) {
    // Of the stores nothing is known, and nothing can be noted; all else is as it will be told.
    if (signal.aborted || !isProxywatchError(error) || error.code === 'STORE_UNAVAILABLE') throw error;
    return await noteProblem(deps, overrides, messageOf(error), signal);
  }
}

/** All or nothing: the plan, its operation, the audit, and that nobody else does the same. */
async function begin(
  deps: ControlDeps,
  overrides: readonly ServerOverrideRecord[],
  document: PlanDocument,
  strategy: Strategy,
  signal: AbortSignal,
): Promise<boolean> {
  const groups = groupsToChange(document);
  const operation = await inTransaction(deps.db, async (tx) => {
    if (!(await lockReturns(tx, overrides, signal))) return undefined;
    if (groups.length === 0) {
      await noteReturns(tx, overrides, { kind: 'returned', nowMs: deps.nowMs() }, signal);
      await audit(tx, overrides, 'returned', { operation: null }, signal);
      return undefined;
    }
    const planId = randomUUID();
    await insertPlan(tx, { id: planId, document, createdBy: SYSTEM, ttlMs: timesOf(deps).planTtlMs });
    // As many as the override went to: whoever made it has answered for that.
    const maxProxies = groups.reduce((sum, { members }) => sum + members.length, strategy.maxProxies);
    const request = {
      planId,
      strategy: { ...strategy, maxProxies },
      reason: document.reason,
      createdBy: SYSTEM,
    };
    const begun = await startOperation(tx, request, signal);
    await noteReturns(tx, overrides, { kind: 'began', operation: begun }, signal);
    await audit(tx, overrides, 'return', { plan: planId, operation: begun }, signal);
    return begun;
  });
  if (operation === undefined) return false;
  await invokeOperation(deps, operation);
  return true;
}

async function noteProblem(
  { db, log }: ControlDeps,
  overrides: readonly ServerOverrideRecord[],
  problem: string,
  signal: AbortSignal,
): Promise<false> {
  await inTransaction(db, async (tx) => {
    if (!(await lockReturns(tx, overrides, signal))) return;
    // The same as a minute ago is no news.
    const news = overrides.filter(({ returnProblem }) => returnProblem !== problem.slice(0, 1_000));
    if (news.length === 0) return;
    await noteReturns(tx, news, { kind: 'problem', problem }, signal);
    await audit(tx, news, 'return-refused', { problem }, signal);
    log.warn('overrides cannot be returned', {
      namespace: news[0]?.namespace,
      overrides: news.length,
      message: problem,
    });
  });
  return false;
}

function audit(
  tx: Tx,
  overrides: readonly ServerOverrideRecord[],
  action: string,
  after: object,
  signal: AbortSignal,
): Promise<void> {
  const entries = overrides.map(({ id, namespace, reason }) => ({
    actor: SYSTEM,
    sourceAddress: '',
    requestId: '',
    action,
    resourceType: 'server-override',
    resourceId: id,
    namespace,
    before: null,
    after,
    reason,
  }));
  return insertAuditRows(tx, entries, signal);
}

function wordsOf({ kind, host, port, hostgroup }: ServerOverrideRecord): string {
  return `${kind} of ${host}:${port}${hostgroup === null ? '' : ` in hostgroup ${hostgroup}`}`;
}
