import { requireRole } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { effectiveVariables } from '@proxywatch/core/domain/control/effective-variables';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { REGISTRATION_COLUMNS, registrationOf } from '@proxywatch/core/drivers/dcdb/registration-row';
import { settingOf } from '@proxywatch/core/drivers/dcdb/variables/setting-row';
import { fetchVariableSettings, openSettings } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import { z } from 'zod';
import { forEachProxy } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { identifier, nameParams, queryFlag } from '#api/fields';
import { route } from '#api/route';
import { controlOf } from './find-variable.ts';
import { visibleSettings } from './list-settings.ts';
import { driftOf, fetchLiveVariables, layersOf, shownLayers } from './live-variables.ts';
import { definitionResource, desiredResource, settingResource } from './setting-resource.ts';
import { definitionFields, desiredValue, kindField, liveFields, settingAnswer } from './variable-fields.ts';

const TIMEOUT_MS = 5_000;
const MAX_PROXIES = 200;
/** With 8 at a time and 5 s for each, what a request has time for. */
const MAX_LIVE_PROXIES = 32;
const MAX_SETTINGS = 1_000;

const variable = z.strictObject({
  ...definitionFields,
  settings: z.array(settingAnswer).meta({ description: 'all that was decided about it, expired ones too' }),
  proxies: z.array(
    z.strictObject({
      proxy: z.string(),
      namespace: z.string(),
      managed: z.boolean(),
      desired: desiredValue,
      live: z.strictObject(liveFields).optional(),
      problem: z.string().optional().meta({ description: 'why the proxy could not be read' }),
    }),
  ),
});

const whereabouts = z.strictObject({
  kind: kindField,
  namespace: identifier().optional(),
  proxyId: identifier().optional(),
  live: queryFlag().optional(),
});

export const getVariable = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables/{name}',
  operationId: 'getVariable',
  summary: 'A variable: what was decided about it, and what each proxy has',
  description:
    'With `live=true` memory, runtime and disk of each proxy are read with its admin credential, managed or not; a proxy that ' +
    'cannot be read is named with the reason.',
  role: 'viewer',
  params: nameParams,
  query: whereabouts,
  answers: {
    200: { description: 'the variable', schema: variable },
    404: { description: 'there is no such variable, namespace or proxy that the caller may see' },
    409: { description: 'more than 200 proxies, or 32 with `live`: name a namespace or a proxy' },
    422: { description: 'there is no such kind of proxy' },
  },
  async handle(deps, request) {
    const { params, query, signal, caller } = request;
    const { kind } = query;
    const control = controlOf(deps, kind, '?kind');
    const definition = control.variables.find(params.name);
    if (definition === undefined) throw new ProxywatchError('NOT_FOUND', `there is no variable ${params.name}`);
    if (query.namespace !== undefined) requireRole(caller, 'viewer', query.namespace, `namespace ${query.namespace}`);
    const proxies = await fetchProxies(deps, request);
    const rows = await accessDcdb(() =>
      visibleSettings(deps.db, caller)
        .where('kind', '=', kind)
        .where('name', '=', params.name)
        .orderBy('scope')
        .orderBy('scope_name')
        .limit(MAX_SETTINGS)
        .execute({ signal }),
    );
    const holding = await fetchVariableSettings(deps.db, { kind, name: params.name }, signal);
    const outcomes = await forEachProxy(proxies, signal, async ({ registration }) => {
      const [setting] = effectiveVariables(holding, { namespace: registration.namespace, proxyId: registration.id });
      const desired = { desired: desiredResource(setting) };
      if (query.live !== true) return desired;
      const [wanted] = await openSettings(deps.secrets, setting === undefined ? [] : [setting], signal);
      const live = await fetchLiveVariables(deps, registration, { timeoutMs: TIMEOUT_MS, signal });
      const layers = layersOf(live, params.name);
      const drift = driftOf(control, layers, wanted?.value);
      return { ...desired, live: { ...shownLayers(layers, definition.isSecret), drift } };
    });
    return ok({
      ...definitionResource(kind, definition),
      settings: rows.map((row) => settingResource(settingOf(row), deps.nowMs())),
      proxies: outcomes.map((outcome, i) => {
        const proxy = proxies[i];
        const { id = outcome.proxy, namespace = '' } = proxy?.registration ?? {};
        const [setting] = effectiveVariables(holding, { namespace, proxyId: id });
        const named = { proxy: id, namespace, managed: proxy?.managed ?? false };
        return 'problem' in outcome
          ? { ...named, desired: desiredResource(setting), problem: outcome.problem }
          : { ...named, ...outcome.value };
      }),
    });
  },
});

async function fetchProxies(
  { db }: Pick<ApiDeps, 'db'>,
  {
    query,
    caller,
    signal,
  }: Pick<ApiRequest<unknown, z.output<typeof whereabouts>, unknown>, 'query' | 'caller' | 'signal'>,
): Promise<readonly ReachableProxy[]> {
  const { kind, namespace, proxyId, live } = query;
  const most = live === true ? MAX_LIVE_PROXIES : MAX_PROXIES;
  const rows = await accessDcdb(() =>
    db
      .selectFrom('proxies')
      .select(REGISTRATION_COLUMNS)
      .select('managed')
      .where('kind', '=', kind)
      .where('state', '!=', 'retired')
      .$if(namespace !== undefined, (rest) => rest.where('namespace', '=', namespace ?? ''))
      .$if(proxyId !== undefined, (rest) => rest.where('id', '=', proxyId ?? ''))
      .$if(caller.namespaces !== EVERY_NAMESPACE, (rest) => rest.where('namespace', 'in', ['', ...caller.namespaces]))
      .orderBy('id')
      .limit(most + 1)
      .execute({ signal }),
  );
  if (proxyId !== undefined && rows.length === 0)
    throw new ProxywatchError('NOT_FOUND', `there is no proxy ${proxyId}`);
  if (rows.length > most)
    throw new ProxywatchError('CONFLICT', `more than ${most} proxies have it: name a namespace or a proxy`);
  return rows.map((row) => ({ registration: registrationOf(row), managed: Boolean(row.managed) }));
}
