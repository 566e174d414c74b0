import type { MonitoringScope } from '@proxywatch/core/domain/monitoring-settings/effective-monitoring';
import {
  fetchMonitoringSettings,
  type SettingsScope,
} from '@proxywatch/core/drivers/dcdb/monitoring-settings/settings-repository';
import type { z } from 'zod';
import { okRevised } from '#api/answer';
import { dryRunQuery, identifierParams, nameParams } from '#api/fields';
import { type AnswerSpec, type AnyRoute, route } from '#api/route';
import { changeSettings } from './change-settings.ts';
import { requireScope } from './settings-access.ts';
import { fleetSettings, proxySettings, settingsAnswer } from './settings-fields.ts';
import { settingsResource } from './settings-resource.ts';

interface ScopeDefinition<P> {
  readonly path: `/${string}`;
  /** End of the operation ids: `getFleetMonitoringSettings`. */
  readonly name: 'Fleet' | 'Namespace' | 'Proxy';
  /** `the fleet` */
  readonly title: string;
  readonly params?: z.ZodType<P>;
  readonly body: typeof fleetSettings | typeof proxySettings;
  scopeOf(params: P): SettingsScope;
}

const EXAMPLE = {
  slowSqlMs: 500,
  collectors: { status: { intervalMs: 60_000 }, slowTransactions: { enabled: false } },
  exclude: { users: ['backup*'] },
};
const INHERITANCE =
  'A proxy has, field by field, what it decides itself, else what its namespace decides, else what the fleet decides, else ' +
  'what gateway and scanner are configured with. Both obey within moments, without a restart.';

/** Reading, deciding and leaving to others what one scope may decide. */
function routesOf<P>({ path, name, title, params, body, scopeOf }: ScopeDefinition<P>): readonly AnyRoute[] {
  const common = { module: 'monitoring', path, ...(params && { params }) } as const;
  const missing: Readonly<Record<number, AnswerSpec>> = params
    ? { 404: { description: `there is no such ${name.toLowerCase()}, or none that the caller may see` } }
    : {};
  const get = route<P>({
    ...common,
    method: 'GET',
    operationId: `get${name}MonitoringSettings`,
    summary: `What ${title} decides about monitoring`,
    description: INHERITANCE,
    role: 'viewer',
    answers: { 200: { description: 'the settings', schema: settingsAnswer }, ...missing },
    async handle({ db }, request) {
      const scope = scopeOf(request.params);
      await requireScope(db, scope, 'viewer', request);
      return okRevised(settingsResource(scope, await fetchMonitoringSettings(db, scope, request.signal)));
    },
  });
  const put = route<P, z.output<typeof dryRunQuery>, z.output<typeof fleetSettings>>({
    ...common,
    method: 'PUT',
    operationId: `put${name}MonitoringSettings`,
    summary: `Has ${title} decide exactly this about monitoring`,
    description: `${INHERITANCE} Fields that are absent are inherited from then on. The first to decide sends \`If-Match: "0"\`.`,
    role: 'operator',
    query: dryRunQuery,
    body: body as typeof fleetSettings,
    needsIfMatch: true,
    example: EXAMPLE,
    answers: { 200: { description: 'the settings', schema: settingsAnswer }, ...missing },
    handle: (deps, request) => changeSettings(deps, request, scopeOf(request.params), request.body),
  });
  const remove = route<P, z.output<typeof dryRunQuery>>({
    ...common,
    method: 'DELETE',
    operationId: `delete${name}MonitoringSettings`,
    summary: `Has ${title} decide nothing about monitoring any more`,
    role: 'operator',
    query: dryRunQuery,
    needsIfMatch: true,
    answers: { 204: { description: 'everything is inherited; of a dry run: it could be' }, ...missing },
    handle: (deps, request) => changeSettings(deps, request, scopeOf(request.params), undefined),
  });
  return [get, put, remove];
}

const scopeOf = (scope: MonitoringScope, scopeName: string): SettingsScope => ({ scope, scopeName });

export const scopeRoutes: readonly AnyRoute[] = [
  ...routesOf({
    path: '/v1/monitoring/settings/fleet',
    name: 'Fleet',
    title: 'the fleet',
    body: fleetSettings,
    scopeOf: () => scopeOf('fleet', ''),
  }),
  ...routesOf({
    path: '/v1/monitoring/settings/namespaces/{name}',
    name: 'Namespace',
    title: 'a namespace',
    params: nameParams,
    body: proxySettings,
    scopeOf: ({ name }) => scopeOf('namespace', name),
  }),
  ...routesOf({
    path: '/v1/monitoring/settings/proxies/{id}',
    name: 'Proxy',
    title: 'a proxy',
    params: identifierParams,
    body: proxySettings,
    scopeOf: ({ id }) => scopeOf('proxy', id),
  }),
];
