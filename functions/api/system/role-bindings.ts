import { randomUUID } from 'node:crypto';
import { EVERY_NAMESPACE, ROLES } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  deleteRoleBinding,
  fetchRoleBinding,
  insertRoleBinding,
  ROLE_BINDING_COLUMNS,
  roleBindingOf,
  updateRoleOfBinding,
} from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import { z } from 'zod';
import { created, noContent, okRevised } from '../shared/answer.ts';
import type { DcdbTransaction } from '../shared/api-request.ts';
import { dryRunQuery, identifier, idParams, text } from '../shared/fields.ts';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '../shared/list.ts';
import { route } from '../shared/route.ts';
import {
  administeredBy,
  lockBinding,
  requireAdminOf,
  requireAnotherAdmin,
  requireSeen,
  roleBindingAnswer,
  roleBindingResource,
} from './role-binding-resource.ts';

const TYPE = 'role-binding';

const bindingList: ListSpec = {
  name: 'role-bindings',
  fields: {
    subjectKind: { column: 'role_bindings.subject_kind', type: 'string', values: ['user', 'group'], ops: ['eq'] },
    subject: { column: 'role_bindings.subject', type: 'string', sortable: true },
    role: { column: 'role_bindings.role', type: 'string', values: ROLES, ops: ['eq', 'in'] },
    namespace: { column: 'role_bindings.namespace', type: 'string', sortable: true },
    createdAt: { column: 'role_bindings.created_at', type: 'time', sortable: true },
  },
  defaultSort: 'subject',
  key: { field: 'id', column: 'role_bindings.id' },
};

const NOT_THERE = { description: 'there is no such binding, or none that the caller may see' };
const LAST_ADMIN = { description: 'it is the last admin of all namespaces' };
const WHO = 'For admins of the namespace; what holds everywhere (`*`) is for admins of all.';

export const listRoleBindings = route({
  module: 'system',
  method: 'GET',
  path: '/v1/role-bindings',
  operationId: 'listRoleBindings',
  summary: 'Who may do what, where',
  description: WHO,
  role: 'admin',
  query: listQuery(bindingList),
  answers: { 200: { description: 'a page of bindings', schema: listAnswer(roleBindingAnswer) } },
  handle({ db }, request) {
    const query = db.selectFrom('role_bindings').select(ROLE_BINDING_COLUMNS);
    const seen = whereNamespace(query, 'role_bindings.namespace', administeredBy(request.caller));
    return listPage(bindingList, request, seen, (rows) => rows.map(roleBindingOf).map(roleBindingResource));
  },
});

export const getRoleBinding = route({
  module: 'system',
  method: 'GET',
  path: '/v1/role-bindings/{id}',
  operationId: 'getRoleBinding',
  summary: 'One binding',
  description: WHO,
  role: 'admin',
  params: idParams,
  answers: { 200: { description: 'the binding', schema: roleBindingAnswer }, 404: NOT_THERE },
  async handle({ db }, { params: { id }, caller, signal }) {
    return okRevised(roleBindingResource(requireSeen(await fetchRoleBinding(db, id, { signal }), caller, id)));
  },
});

export const createRoleBinding = route({
  module: 'system',
  method: 'POST',
  path: '/v1/role-bindings',
  operationId: 'createRoleBinding',
  summary: 'Gives somebody a role',
  description: `${WHO} Takes effect within five seconds.`,
  role: 'admin',
  query: dryRunQuery,
  body: z.strictObject({
    subjectKind: z.enum(['user', 'group']),
    subject: text(255, { min: 1 }).meta({
      description: '`sub` of a token, ARN of an IAM principal, or name of a group',
    }),
    role: z.enum(ROLES),
    namespace: z.union([z.literal(EVERY_NAMESPACE), identifier()]).meta({ description: '`*`: everywhere' }),
  }),
  example: { subjectKind: 'group', subject: 'shop-dba', role: 'operator', namespace: 'shop' },
  answers: {
    201: { description: 'the binding', schema: roleBindingAnswer },
    409: { description: 'the subject has a role there already: change that one' },
    422: { description: 'there is no such namespace' },
  },
  handle(_deps, request) {
    const { body, caller, signal } = request;
    requireAdminOf(caller, body.namespace);
    return request.change(async (tx, audit) => {
      await requireNamespace(tx, body.namespace, signal);
      const id = randomUUID();
      await insertRoleBinding(tx, { ...body, id, createdBy: caller.name }, signal);
      const after = await reread(tx, id, signal);
      audit({ action: 'create', resourceType: TYPE, resourceId: id, ...namespaceOf(body), after });
      return created(`/v1/role-bindings/${id}`, after);
    });
  },
});

export const changeRoleBinding = route({
  module: 'system',
  method: 'PATCH',
  path: '/v1/role-bindings/{id}',
  operationId: 'changeRoleBinding',
  summary: 'Gives another role instead',
  description: WHO,
  role: 'admin',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ role: z.enum(ROLES) }),
  needsIfMatch: true,
  example: { role: 'viewer' },
  answers: { 200: { description: 'the binding', schema: roleBindingAnswer }, 404: NOT_THERE, 409: LAST_ADMIN },
  handle(deps, request) {
    const { params, body, signal } = request;
    return request.change(async (tx, audit) => {
      const binding = await lockBinding(tx, params.id, request);
      if (body.role !== 'admin') await requireAnotherAdmin(deps, tx, binding, signal);
      await updateRoleOfBinding(tx, params.id, body.role, signal);
      const [before, after] = [roleBindingResource(binding), await reread(tx, params.id, signal)];
      audit({ action: 'update', resourceType: TYPE, resourceId: params.id, ...namespaceOf(binding), before, after });
      return okRevised(after);
    });
  },
});

export const removeRoleBinding = route({
  module: 'system',
  method: 'DELETE',
  path: '/v1/role-bindings/{id}',
  operationId: 'deleteRoleBinding',
  summary: 'Takes a role away',
  description: `${WHO} Takes effect within five seconds.`,
  role: 'admin',
  params: idParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: { 204: { description: 'it is gone; of a dry run: it could be' }, 404: NOT_THERE, 409: LAST_ADMIN },
  handle(deps, request) {
    const { params, signal } = request;
    return request.change(async (tx, audit) => {
      const binding = await lockBinding(tx, params.id, request);
      await requireAnotherAdmin(deps, tx, binding, signal);
      await deleteRoleBinding(tx, params.id, signal);
      const before = roleBindingResource(binding);
      audit({ action: 'delete', resourceType: TYPE, resourceId: params.id, ...namespaceOf(binding), before });
      return noContent();
    });
  },
});

async function reread(tx: DcdbTransaction, id: string, signal: AbortSignal) {
  const record = await fetchRoleBinding(tx, id, { signal });
  if (record === undefined) throw new ProxywatchError('INTERNAL', `role binding ${id} is gone within its own change`);
  return roleBindingResource(record);
}

/** A role in a namespace that is to come would be one that nobody thinks of any more. */
async function requireNamespace(tx: DcdbTransaction, name: string, signal: AbortSignal): Promise<void> {
  if (name === EVERY_NAMESPACE) return;
  const found = await tx.selectFrom('namespaces').select('name').where('name', '=', name).executeTakeFirst({ signal });
  if (found !== undefined) return;
  throw new ProxywatchError('UNPROCESSABLE', `there is no namespace ${name}`, {
    problems: [{ pointer: '/namespace', message: 'there is no such namespace' }],
  });
}

function namespaceOf({ namespace }: { readonly namespace: string }): { readonly namespace?: string } {
  return namespace === EVERY_NAMESPACE ? {} : { namespace };
}
