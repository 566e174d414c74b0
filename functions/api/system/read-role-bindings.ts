import { ROLES } from '@proxywatch/core/domain/access/role';
import {
  fetchRoleBinding,
  ROLE_BINDING_COLUMNS,
  roleBindingOf,
} from '@proxywatch/core/drivers/dcdb/access/role-bindings';
import { okRevised } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import {
  administeredBy,
  NO_BINDING,
  requireSeen,
  roleBindingAnswer,
  roleBindingResource,
  WHO_BINDS,
} from './role-binding-resource.ts';

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

export const listRoleBindings = route({
  module: 'system',
  method: 'GET',
  path: '/v1/role-bindings',
  operationId: 'listRoleBindings',
  summary: 'Who may do what, where',
  description: WHO_BINDS,
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
  description: WHO_BINDS,
  role: 'admin',
  params: idParams,
  answers: { 200: { description: 'the binding', schema: roleBindingAnswer }, 404: NO_BINDING },
  async handle({ db }, { params: { id }, caller, signal }) {
    return okRevised(roleBindingResource(requireSeen(await fetchRoleBinding(db, id, { signal }), caller, id)));
  },
});
