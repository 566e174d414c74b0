import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchOperation } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import { markOutdated } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import { accepted } from '#api/answer';
import { dryRunQuery, idParams } from '#api/fields';
import { route } from '#api/route';
import { invokeOperation, requireCurrent, startOperation } from '../../control/start-operation.ts';
import { operationAnswer, strategyBody, strategyOf } from './operation-fields.ts';
import { operationResource } from './operation-resource.ts';
import { findPlan } from './plan-find.ts';

export const applyPlan = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/plans/{id}/actions/apply',
  operationId: 'applyPlan',
  summary: 'Applies a plan, group by group',
  description:
    'Canaries first; each group is guarded, kept as it was, written, loaded, read back and watched, and saved after its ' +
    'pause. A group that fails goes back; `onError` says what becomes of the others.',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: strategyBody,
  example: { canary: { groups: 1, pauseMs: 30000 }, parallelism: 5, onError: 'rollback' },
  answers: {
    200: { description: 'dry run: the operation, which does not begin', schema: operationAnswer },
    202: { description: 'the operation goes on; ask its location', schema: operationAnswer },
    404: { description: 'there is no such plan, or none that the caller may see' },
    409: {
      description:
        'the plan is outdated, expired or applied; another operation has one of the proxies; or writes are switched off',
    },
    422: { description: 'the plan has refusals, or there is nothing to change' },
  },
  async handle(deps, request) {
    const { caller, signal, body } = request;
    const seen = await findPlan(deps.db, request.params.id, 'operator', request);
    const plan = seen.document.needsAdmin ? await findPlan(deps.db, seen.id, 'admin', request) : seen;
    try {
      await requireCurrent(deps, plan, signal);
    } catch (error) {
      const isOutdated = errorCodeOf(error) === 'CONFLICT' && plan.state === 'open' && !plan.isExpired;
      if (isOutdated && !request.dryRun) await markOutdated(deps.db, plan.id);
      throw error;
    }
    const { reason = request.reason === '' ? plan.document.reason : request.reason } = body;
    let id = '';
    const answer = await request.change(async (tx, audit) => {
      const strategy = strategyOf(body);
      id = await startOperation(tx, { planId: plan.id, strategy, reason, createdBy: caller.name }, signal);
      const operation = await fetchOperation(tx, id, signal);
      if (operation === undefined) throw new ProxywatchError('INTERNAL', 'an operation that just began is not there');
      const { namespace } = plan;
      audit({
        action: 'apply',
        resourceType: 'plan',
        resourceId: plan.id,
        namespace,
        after: { operation: id, strategy },
        reason,
      });
      return accepted(`/v1/operations/${id}`, operationResource(operation, []));
    });
    if (!request.dryRun) await invokeOperation(deps, id);
    return answer;
  },
});
