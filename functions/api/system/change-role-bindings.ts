import { randomUUID } from 'node:crypto';
import { EVERY_NAMESPACE, ROLES } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  deleteRoleBinding,
  fetchRoleBinding,
  insertRoleBinding,
  updateRoleOfBinding,
} from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import { z } from 'zod';
import { created, noContent, okRevised } from '#api/answer';
import type { DcdbTransaction } from '#api/api-request';
import { dryRunQuery, identifier, idParams, text } from '#api/fields';
import { route } from '#api/route';
import {
  lockBinding,
  NO_BINDING,
  requireAdminOf,
  requireAnotherAdmin,
  roleBindingAnswer,
  roleBindingResource,
  WHO_BINDS,
} from './role-binding-resource.ts';

const TYPE = 'role-binding';
const LAST_ADMIN = { description: 'it is the last admin of all namespaces' };

export const createRoleBinding = route({
  module: 'system',
  method: 'POST',
  path: '/v1/role-bindings',
  operationId: 'createRoleBinding',
  summary: 'Gives somebody a role',
  description: `${WHO_BINDS} Takes effect within five seconds.`,
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
  description: WHO_BINDS,
  role: 'admin',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ role: z.enum(ROLES) }),
  needsIfMatch: true,
  example: { role: 'viewer' },
  answers: { 200: { description: 'the binding', schema: roleBindingAnswer }, 404: NO_BINDING, 409: LAST_ADMIN },
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
  description: `${WHO_BINDS} Takes effect within five seconds.`,
  role: 'admin',
  params: idParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: { 204: { description: 'it is gone; of a dry run: it could be' }, 404: NO_BINDING, 409: LAST_ADMIN },
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
