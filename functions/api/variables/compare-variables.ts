import { CONFIG_LAYERS } from '@proxywatch/core/domain/control/config-rows';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchProxiesById, type ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { z } from 'zod';
import { forEachProxy } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { IDENTIFIER_SCHEMA, identifier, queryFlag } from '#api/fields';
import { meaning } from '#api/query-schema';
import { route } from '#api/route';
import { controlOf } from './find-variable.ts';
import { fetchLiveVariables, layersOf, shownLayers } from './live-variables.ts';

const TIMEOUT_MS = 8_000;
const MAX_PROXIES = 10;

const severalProxies = meaning(
  z
    .string()
    .transform((given) => given.split(','))
    .pipe(
      z
        .array(identifier())
        .min(2, { error: 'expected two or more ids of proxies, separated by commas' })
        .max(MAX_PROXIES, { error: `expected at most ${MAX_PROXIES} proxies` })
        .refine((ids) => new Set(ids).size === ids.length, { error: 'expected different proxies' }),
    ),
  { type: 'array', items: IDENTIFIER_SCHEMA, minItems: 2, maxItems: MAX_PROXIES },
);

const question = z.strictObject({
  proxies: severalProxies,
  layer: z.enum(CONFIG_LAYERS).default('runtime'),
  all: queryFlag().optional(),
});

const comparison = z.strictObject({
  layer: z.enum(CONFIG_LAYERS),
  proxies: z.array(
    z.strictObject({
      proxy: z.string(),
      problem: z.string().optional().meta({ description: 'why it could not be read' }),
    }),
  ),
  variables: z.array(
    z.strictObject({
      name: z.string(),
      secret: z.boolean(),
      differs: z.boolean(),
      values: z
        .record(z.string(), z.string().nullable())
        .meta({ description: 'by proxy; null: it has none of that name' }),
    }),
  ),
});

export const compareVariables = route({
  module: 'variables',
  method: 'GET',
  path: '/v1/variables/actions/compare',
  operationId: 'compareVariables',
  summary: 'Variables in which proxies differ',
  description:
    'Reads two to ten proxies of one kind with their admin credentials. `all=true` tells of equal variables too.',
  role: 'viewer',
  query: question,
  answers: {
    200: { description: 'the comparison', schema: comparison },
    404: { description: 'there is no such proxy that the caller may see' },
    422: { description: 'the proxies are of several kinds' },
  },
  async handle(deps, request) {
    const { layer, all } = request.query;
    const proxies = await findProxies(deps, request);
    const kinds = new Set(proxies.map(({ registration }) => registration.kind));
    const [kind = ''] = kinds;
    if (kinds.size > 1) {
      throw new ProxywatchError('UNPROCESSABLE', 'proxies of several kinds have nothing to compare', {
        problems: [{ pointer: '?proxies', message: 'are of several kinds' }],
      });
    }
    const control = controlOf(deps, kind, '?proxies');
    const limits = { timeoutMs: TIMEOUT_MS, signal: request.signal };
    const outcomes = await forEachProxy(proxies, request.signal, ({ registration }) =>
      fetchLiveVariables(deps, registration, limits),
    );
    const read = outcomes.flatMap((outcome) => ('problem' in outcome ? [] : [outcome]));
    const names = [...new Set(read.flatMap(({ value }) => [...value.keys()]))].toSorted();
    const variables = names.map((name) => {
      const secret = control.isSecret('variables', JSON.stringify([name]), 'variable_value');
      const values = read.map(({ proxy, value }) => ({ proxy, layers: layersOf(value, name) }));
      const [first] = values;
      const differs = values.some(
        ({ layers }) => !control.isSame('variables', 'variable_value', layers[layer], first?.layers[layer] ?? null),
      );
      const shown = values.map(({ proxy, layers }) => [proxy, shownLayers(layers, secret)[layer]] as const);
      return { name, secret, differs, values: Object.fromEntries(shown) };
    });
    return ok({
      layer,
      proxies: outcomes.map((outcome) => ('problem' in outcome ? outcome : { proxy: outcome.proxy })),
      variables: variables.filter(({ differs }) => differs || all === true),
    });
  },
});

async function findProxies(
  { db }: Pick<ApiDeps, 'db'>,
  {
    query,
    caller,
    signal,
  }: Pick<ApiRequest<unknown, z.output<typeof question>, unknown>, 'query' | 'caller' | 'signal'>,
): Promise<readonly ReachableProxy[]> {
  const found = await fetchProxiesById(db, query.proxies, signal);
  return query.proxies.map((id) => {
    const proxy = found.find(({ registration }) => registration.id === id);
    if (proxy !== undefined && caller.roleIn(proxy.registration.namespace) !== undefined) return proxy;
    throw new ProxywatchError('NOT_FOUND', `there is no proxy ${id}`);
  });
}
