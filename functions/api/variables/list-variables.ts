import { requireRole } from '@proxywatch/core/domain/access/caller';
import { effectiveVariables } from '@proxywatch/core/domain/control/effective-variables';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchProxiesById, type ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { fetchVariableSettings, openSettings } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import { z } from 'zod';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { identifier, queryFlag } from '#api/fields';
import { type ListSpec, listAnswer, listQuery } from '#api/list';
import { pageOfItems } from '#api/page-of-items';
import { route } from '#api/route';
import { controlOf } from './find-variable.ts';
import { driftOf, fetchLiveVariables, layersOf, shownLayers } from './live-variables.ts';
import { definitionResource, desiredResource } from './setting-resource.ts';
import { definitionFields, desiredValue, kindField, liveFields } from './variable-fields.ts';

const TIMEOUT_MS = 10_000;

export const variablesList: ListSpec = {
  name: 'variables',
  fields: {
    name: { type: 'string' },
    type: { type: 'string', values: ['boolean', 'integer', 'string'], ops: ['eq', 'ne', 'in'] },
    needsRestart: { type: 'boolean' },
    secret: { type: 'boolean' },
    guarded: { type: 'boolean' },
    decided: { type: 'boolean' },
    changed: { type: 'boolean' },
    drifting: { type: 'boolean' },
  },
  defaultSort: 'name',
  key: { field: 'name' },
};

const variable = z.strictObject({
  ...definitionFields,
  desired: desiredValue,
  decided: z.boolean().meta({ description: 'whether anybody decided about it' }),
  changed: z
    .boolean()
    .meta({ description: 'whether it differs from the default: as it runs with `live`, else as it is desired' }),
  live: z.strictObject(liveFields).optional().meta({ description: 'of the proxy, with `live=true`' }),
  drifting: z.boolean().optional().meta({ description: 'whether anything in `live.drift`' }),
});

export const listVariables = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables',
  operationId: 'listVariables',
  summary: 'Variables of a kind of proxy with what they are desired to be',
  description:
    'For the fleet, a namespace or a proxy. `live=true` with a `proxyId` reads memory, runtime and disk of that proxy with its ' +
    'admin credential; `filter[drifting]` needs that.',
  role: 'viewer',
  query: listQuery(variablesList, {
    kind: kindField,
    namespace: identifier().optional(),
    proxyId: identifier().optional(),
    live: queryFlag().optional(),
  }),
  answers: {
    200: { description: 'a page of variables', schema: listAnswer(variable) },
    404: { description: 'there is no such namespace or proxy that the caller may see' },
    409: { description: 'the proxy cannot be read' },
    422: { description: 'there is no such kind of proxy' },
  },
  async handle(deps, request) {
    const { query, signal } = request;
    requireSense(query);
    const proxy = await findProxy(deps, request);
    const { kind, namespace = proxy?.registration.namespace } = query;
    if (namespace !== undefined) requireRole(request.caller, 'viewer', namespace, `namespace ${namespace}`);
    const control = controlOf(deps, kind, '?kind');
    const holder = { namespace: namespace ?? '', ...(proxy && { proxyId: proxy.registration.id }) };
    const settings = effectiveVariables(await fetchVariableSettings(deps.db, { kind, ...holder }, signal), holder);
    const live =
      query.live && proxy
        ? await fetchLiveVariables(deps, proxy.registration, { timeoutMs: TIMEOUT_MS, signal })
        : undefined;
    const opened = await openSettings(deps.secrets, settings, signal);
    const wanted = new Map(opened.map(({ name, value }) => [name, value]));
    const bySetting = new Map(settings.map((setting) => [setting.name, setting]));
    const items = control.variables.all.map((definition) => {
      const { name, isSecret } = definition;
      const layers = live && layersOf(live, name);
      const drift = layers && driftOf(control, layers, wanted.get(name));
      const current = layers === undefined ? wanted.get(name) : layers.runtime;
      const isChanged =
        current !== undefined &&
        current !== null &&
        !control.isSame('variables', 'variable_value', current, definition.default);
      return {
        ...definitionResource(kind, definition),
        desired: desiredResource(bySetting.get(name)),
        decided: bySetting.has(name),
        changed: isChanged,
        ...(layers && drift && { live: { ...shownLayers(layers, isSecret), drift }, drifting: drift.length > 0 }),
      };
    });
    return pageOfItems(variablesList, request, items);
  },
});

interface Where {
  readonly proxyId?: string | undefined;
  readonly namespace?: string | undefined;
  readonly live?: boolean | undefined;
  readonly filters: readonly { readonly field: string }[];
}

function requireSense({ proxyId, live, filters }: Where): void {
  const problems = [];
  if (live === true && proxyId === undefined) problems.push({ pointer: '?live', message: 'needs a proxyId' });
  if (live !== true && filters.some(({ field }) => field === 'drifting')) {
    problems.push({ pointer: '?filter[drifting]', message: 'needs live=true' });
  }
  if (problems.length === 0) return;
  throw new ProxywatchError('REQUEST_INVALID', 'parameters do not go together', { problems });
}

async function findProxy(
  { db }: Pick<ApiDeps, 'db'>,
  {
    query,
    caller,
    signal,
  }: Pick<ApiRequest<unknown, Where & { readonly kind: string }, unknown>, 'query' | 'caller' | 'signal'>,
): Promise<ReachableProxy | undefined> {
  const { proxyId, namespace, kind } = query;
  if (proxyId === undefined) return undefined;
  const [proxy] = await fetchProxiesById(db, [proxyId], signal);
  const isMeant =
    proxy?.registration.kind === kind && (namespace ?? proxy.registration.namespace) === proxy.registration.namespace;
  if (proxy === undefined || !isMeant) throw new ProxywatchError('NOT_FOUND', `there is no proxy ${proxyId}`);
  requireRole(caller, 'viewer', proxy.registration.namespace, `proxy ${proxyId}`);
  return proxy;
}
