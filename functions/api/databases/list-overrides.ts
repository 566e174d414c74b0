import { SERVER_OVERRIDE_KINDS } from '@proxywatch/core/domain/control/server-overrides';
import { SERVER_OVERRIDE_COLUMNS, serverOverrideOf } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import { okRevised } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { overrideAnswer } from './database-fields.ts';
import { findOverride } from './find-override.ts';
import { overrideResource } from './override-resource.ts';

export const overridesList: ListSpec = {
  name: 'server-overrides',
  fields: {
    namespace: { column: 'server_overrides.namespace', type: 'string', sortable: true },
    host: { column: 'server_overrides.host', type: 'string' },
    port: { column: 'server_overrides.port', type: 'number' },
    hostgroup: { column: 'server_overrides.hostgroup', type: 'number', nullable: true },
    kind: { column: 'server_overrides.kind', type: 'string', values: SERVER_OVERRIDE_KINDS, ops: ['eq', 'ne', 'in'] },
    expiresAt: { column: 'server_overrides.expires_at', type: 'time', nullable: true },
    createdAt: { column: 'server_overrides.created_at', type: 'time', sortable: true },
    updatedAt: { column: 'server_overrides.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'namespace',
  key: { field: 'id', column: 'server_overrides.id' },
};

export const listOverrides = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/overrides',
  operationId: 'listServerOverrides',
  summary: 'Where namespaces depart from the database configuration service',
  role: 'viewer',
  query: listQuery(overridesList),
  answers: { 200: { description: 'a page of overrides', schema: listAnswer(overrideAnswer) } },
  handle({ db, nowMs }, request) {
    const overrides = db.selectFrom('server_overrides').select(SERVER_OVERRIDE_COLUMNS);
    const visible = whereNamespace(overrides, 'server_overrides.namespace', request.caller);
    return listPage(overridesList, request, visible, (rows) =>
      rows.map((row) => overrideResource(serverOverrideOf(row), nowMs())),
    );
  },
});

export const getOverride = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/overrides/{id}',
  operationId: 'getServerOverride',
  summary: 'An override of a server',
  role: 'viewer',
  params: idParams,
  answers: {
    200: { description: 'the override', schema: overrideAnswer },
    404: { description: 'there is no such override, or none that the caller may see' },
  },
  async handle({ db, nowMs }, request) {
    return okRevised(overrideResource(await findOverride(db, request.params.id, 'viewer', request), nowMs()));
  },
});
