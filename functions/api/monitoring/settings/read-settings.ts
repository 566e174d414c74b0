import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  effectiveMonitoring,
  MONITORING_SCOPES,
} from '@proxywatch/core/domain/monitoring-settings/effective-monitoring';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import {
  fetchMonitoringSettings,
  SETTINGS_COLUMNS,
  settingsRecordOf,
} from '@proxywatch/core/drivers/dcdb/monitoring-settings/settings-repository';
import { sql } from 'kysely';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier } from '#api/fields';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { effectiveAnswer, settingsAnswer } from './settings-fields.ts';
import { settingsResource } from './settings-resource.ts';

export const settingsList: ListSpec = {
  name: 'monitoringSettings',
  fields: {
    scope: { column: 'monitoring_settings.scope', type: 'string', values: MONITORING_SCOPES, ops: ['eq', 'ne', 'in'] },
    name: { column: 'monitoring_settings.scope_name', type: 'string', sortable: true },
    namespace: { column: 'monitoring_settings.namespace', type: 'string', nullable: true },
    updatedAt: { column: 'monitoring_settings.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'name',
  key: { field: 'id', column: 'monitoring_settings.id' },
};

export const listMonitoringSettings = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/settings',
  operationId: 'listMonitoringSettings',
  summary: 'Everybody who decides anything about monitoring: the fleet, namespaces, proxies',
  role: 'viewer',
  query: listQuery(settingsList),
  answers: { 200: { description: 'a page of settings', schema: listAnswer(settingsAnswer) } },
  handle({ db }, request) {
    // A row of a proxy is of the namespace that the proxy is in.
    const settings = db
      .selectFrom('monitoring_settings')
      .leftJoin('proxies', (join) =>
        join.onRef('proxies.id', '=', 'monitoring_settings.scope_name').on('monitoring_settings.scope', '=', 'proxy'),
      )
      .select(SETTINGS_COLUMNS)
      .select([
        sql<string>`concat(monitoring_settings.scope, ':', monitoring_settings.scope_name)`.as('id'),
        sql<string | null>`case monitoring_settings.scope when 'namespace' then monitoring_settings.scope_name
          else proxies.namespace end`.as('namespace'),
      ])
      .where(sql<boolean>`json_length(monitoring_settings.settings) > 0`);
    const named = db.selectFrom(settings.as('monitoring_settings')).select(SETTINGS_COLUMNS);
    const visible = whereNamespace(named, 'monitoring_settings.namespace', request.caller);
    return listPage(settingsList, request, visible, (rows) =>
      rows.map(settingsRecordOf).map((record) => settingsResource(record, record)),
    );
  },
});

export const getEffectiveMonitoringSettings = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/settings/effective',
  operationId: 'getEffectiveMonitoringSettings',
  summary: 'What holds for a proxy, and who decided each field',
  role: 'viewer',
  query: z.strictObject({ proxyId: identifier() }),
  answers: {
    200: { description: 'the settings', schema: effectiveAnswer },
    404: { description: 'there is no such proxy, or none that the caller may see' },
  },
  async handle({ db }, { query: { proxyId }, caller, signal }) {
    const proxy = await accessDcdb(() =>
      db.selectFrom('proxies').select('namespace').where('id', '=', proxyId).executeTakeFirst({ signal }),
    );
    if (proxy === undefined) throw new ProxywatchError('NOT_FOUND', `there is no proxy ${proxyId}`);
    const { namespace } = proxy;
    requireRole(caller, 'viewer', namespace, `proxy ${proxyId}`);
    const settingsOf = async (scope: (typeof MONITORING_SCOPES)[number], scopeName: string) =>
      (await fetchMonitoringSettings(db, { scope, scopeName }, signal))?.settings;
    const fleet = await settingsOf('fleet', '');
    const { overrides, sources } = effectiveMonitoring(
      fleet,
      await settingsOf('namespace', namespace),
      await settingsOf('proxy', proxyId),
    );
    return ok({ proxyId, namespace, settings: overrides, sources });
  },
});
