import { describePlan } from '@proxywatch/core/domain/control/describe-plan';
import { isExpiredNow, PLAN_COLUMNS, PLAN_STATES, planOf } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import { z } from 'zod';
import { ok } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { planAnswer, planSummaryAnswer } from './plan-fields.ts';
import { findPlan } from './plan-find.ts';
import { planResource, planSummary } from './plan-resource.ts';

export const plansList: ListSpec = {
  name: 'plans',
  fields: {
    id: { column: 'plans.id', type: 'string', ops: ['eq', 'in'] },
    namespace: { column: 'plans.namespace', type: 'string' },
    state: { column: 'plans.state', type: 'string', values: PLAN_STATES, ops: ['eq', 'ne', 'in'] },
    createdBy: { column: 'plans.created_by', type: 'string' },
    createdAt: { column: 'plans.created_at', type: 'time', sortable: true },
  },
  defaultSort: '-createdAt',
  key: { field: 'id', column: 'plans.id' },
};

export const listPlans = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/plans',
  operationId: 'listPlans',
  summary: 'Plans of the namespaces that the caller may see',
  role: 'viewer',
  query: listQuery(plansList),
  answers: { 200: { description: 'a page of plans, newest first', schema: listAnswer(planSummaryAnswer) } },
  handle({ db }, request) {
    const all = db.selectFrom('plans').select(PLAN_COLUMNS).select(isExpiredNow);
    const visible = whereNamespace(all, 'plans.namespace', request.caller);
    return listPage(plansList, request, visible, (rows) => rows.map((row) => planSummary(planOf(row))));
  },
});

export const getPlan = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/plans/{id}',
  operationId: 'getPlan',
  summary: 'One plan, with all that it would change',
  description: '`format=text` gives it in words.',
  role: 'viewer',
  params: idParams,
  query: z.strictObject({ format: z.enum(['json', 'text']).optional() }),
  answers: {
    200: { description: 'the plan', schema: planAnswer, otherContentType: 'text/plain' },
    404: { description: 'there is no such plan, or none that the caller may see' },
  },
  async handle({ db }, request) {
    const plan = await findPlan(db, request.params.id, 'viewer', request);
    if (request.query.format !== 'text') return ok(planResource(plan));
    return ok(describePlan(plan.document), { 'content-type': 'text/plain; charset=utf-8' });
  },
});
