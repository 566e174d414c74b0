import { randomUUID } from 'node:crypto';
import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchPlan, insertPlan } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import { dryRunQuery, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { makePlan } from '../../control/make-plan.ts';
import { CONTROL_TIMES } from '../../control/times.ts';
import { planAnswer, planBody } from './plan-fields.ts';
import { planResource } from './plan-resource.ts';

export const planNamespace = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/namespaces/{id}/actions/plan',
  operationId: 'planNamespace',
  summary: "Works out what makes the namespace's proxies what is wanted",
  description:
    'Reads the proxies and changes nothing on them. The plan holds until it expires, or what it was made from changes; ' +
    'with refusals it cannot be applied. Proxies that are not managed are shown as they would be.',
  role: 'operator',
  params: identifierParams,
  query: dryRunQuery,
  body: planBody,
  example: { modules: ['users'], reason: 'new account for orders' },
  answers: {
    200: { description: 'dry run: the plan, which is not kept', schema: planAnswer },
    201: { description: 'the plan', schema: planAnswer },
    404: { description: 'there is no such namespace, or none that the caller may see' },
    422: { description: 'it names proxies that are not in the namespace' },
  },
  async handle(deps, request) {
    const { params, body, caller, signal } = request;
    const { acceptLoads = false, adopt = false, allowMassDelete = false, reason = request.reason, ...scope } = body;
    requireRole(caller, allowMassDelete ? 'admin' : 'operator', params.id, `namespace ${params.id}`);
    const options = { acceptLoads, adopt, allowMassDelete };
    const document = await makePlan(deps, { namespace: params.id, ...scope, options, reason }, signal);
    const id = randomUUID();
    return request.change(async (tx, audit) => {
      await insertPlan(tx, { id, document, createdBy: caller.name, ttlMs: CONTROL_TIMES.planTtlMs });
      const plan = await fetchPlan(tx, id, signal);
      if (plan === undefined) throw new ProxywatchError('INTERNAL', 'a plan that was just made is not there');
      audit({
        action: 'plan',
        resourceType: 'plan',
        resourceId: id,
        namespace: params.id,
        after: { options, ...scope },
        reason,
      });
      return { status: 201, headers: { location: `/v1/plans/${id}` }, body: planResource(plan) };
    });
  },
});
