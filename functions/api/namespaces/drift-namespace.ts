import { requireRole } from '@proxywatch/core/domain/access/caller';
import { CONFIG_TABLES } from '@proxywatch/core/domain/control/config-rows';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { fetchDrift } from '../../control/fetch-drift.ts';

const cell = z.string().nullable();

const driftAnswer = z.strictObject({
  namespace: z.string(),
  namespaceRevision: z.number(),
  warnings: z.array(z.string()),
  proxies: z.array(
    z.strictObject({
      proxy: z.string(),
      managed: z.boolean(),
      problem: z.string().nullable(),
      rows: z.array(
        z.strictObject({
          between: z.enum(['desired-memory', 'memory-runtime', 'memory-disk']),
          table: z.enum(CONFIG_TABLES),
          key: z.string(),
          name: z.string(),
          words: z.string(),
          monitored: z.boolean(),
          fields: z.array(z.strictObject({ field: z.string(), left: cell, right: cell })),
        }),
      ),
    }),
  ),
});

export const fetchNamespaceDrift = route({
  module: 'namespaces',
  method: 'GET',
  path: '/v1/namespaces/{id}/drift',
  operationId: 'fetchNamespaceDrift',
  summary: "How the namespace's proxies differ from what is wanted, and in themselves",
  description:
    'Asks the proxies now, managed or not: what is wanted against memory, memory against what runs and against what a ' +
    'restart would find. Proxies that cannot be asked are named with the reason.',
  role: 'viewer',
  params: identifierParams,
  query: z.strictObject({ proxy: identifier().optional() }),
  answers: {
    200: { description: 'the differences, secrets masked', schema: driftAnswer },
    404: { description: 'there is no such namespace or proxy, or none that the caller may see' },
  },
  async handle(deps, { params, query, caller, signal }) {
    requireRole(caller, 'viewer', params.id, `namespace ${params.id}`);
    const drift = await fetchDrift(deps, params.id, query.proxy === undefined ? undefined : [query.proxy], signal);
    if (query.proxy !== undefined && drift.proxies.length === 0) {
      throw new ProxywatchError('NOT_FOUND', `there is no proxy ${query.proxy} in namespace ${params.id}`);
    }
    return ok({ namespace: params.id, ...drift });
  },
});
