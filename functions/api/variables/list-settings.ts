import type { Caller } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { VARIABLE_SCOPES } from '@proxywatch/core/domain/control/effective-variables';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { SETTING_COLUMNS, settingOf } from '@proxywatch/core/drivers/dcdb/variables/setting-row';
import { okRevised } from '#api/answer';
import { idParams } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery } from '#api/list';
import { route } from '#api/route';
import { requireSettingRole } from './setting-access.ts';
import { settingResource } from './setting-resource.ts';
import { settingAnswer } from './variable-fields.ts';

export const settingsList: ListSpec = {
  name: 'variable-settings',
  fields: {
    name: { column: 'variable_settings.name', type: 'string', sortable: true },
    kind: { column: 'variable_settings.kind', type: 'string' },
    scope: { column: 'variable_settings.scope', type: 'string', values: VARIABLE_SCOPES, ops: ['eq', 'ne', 'in'] },
    scopeName: { column: 'variable_settings.scope_name', type: 'string' },
    secret: { column: 'variable_settings.is_secret', type: 'boolean' },
    createdBy: { column: 'variable_settings.created_by', type: 'string' },
    expiresAt: { column: 'variable_settings.expires_at', type: 'time', nullable: true },
    updatedAt: { column: 'variable_settings.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'name',
  key: { field: 'id', column: 'variable_settings.id' },
};

export const listSettings = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables/settings',
  operationId: 'listVariableSettings',
  summary: 'What was decided about variables',
  description: 'Of the fleet, and of the namespaces that the caller may see and their proxies; expired ones too.',
  role: 'viewer',
  query: listQuery(settingsList),
  answers: { 200: { description: 'a page of settings', schema: listAnswer(settingAnswer) } },
  handle: ({ db, nowMs }, request) =>
    listPage(settingsList, request, visibleSettings(db, request.caller), (rows) =>
      rows.map((row) => settingResource(settingOf(row), nowMs())),
    ),
});

export const getSetting = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables/settings/{id}',
  operationId: 'getVariableSetting',
  summary: 'One decision about a variable',
  role: 'viewer',
  params: idParams,
  answers: {
    200: { description: 'the setting', schema: settingAnswer },
    404: { description: 'there is no such setting, or none that the caller may see' },
  },
  async handle({ db, nowMs }, { params, caller, signal }) {
    const row = await accessDcdb(() =>
      db
        .selectFrom('variable_settings')
        .select(SETTING_COLUMNS)
        .where('id', '=', params.id)
        .executeTakeFirst({ signal }),
    );
    if (row === undefined) throw new ProxywatchError('NOT_FOUND', `there is no setting ${params.id}`);
    const setting = settingOf(row);
    await requireSettingRole(db, setting, 'viewer', caller, signal);
    return okRevised(settingResource(setting, nowMs()));
  },
});

export function visibleSettings(db: Dcdb, { namespaces }: Pick<Caller, 'namespaces'>) {
  const settings = db.selectFrom('variable_settings').select(SETTING_COLUMNS);
  if (namespaces === EVERY_NAMESPACE) return settings;
  return settings.where((eb) => {
    const fleet = eb('variable_settings.scope', '=', 'fleet');
    if (namespaces.length === 0) return fleet;
    const proxies = db.selectFrom('proxies').select('id').where('namespace', 'in', namespaces);
    return eb.or([
      fleet,
      eb('variable_settings.scope', '=', 'namespace').and('variable_settings.scope_name', 'in', namespaces),
      eb('variable_settings.scope', '=', 'proxy').and('variable_settings.scope_name', 'in', proxies),
    ]);
  });
}
