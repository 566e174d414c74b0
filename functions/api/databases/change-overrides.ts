import { requireRole } from '@proxywatch/core/domain/access/caller';
import { SERVER_OVERRIDE_KINDS, type ServerOverrideKind } from '@proxywatch/core/domain/control/server-overrides';
import type { FieldProblem } from '@proxywatch/core/domain/errors';
import {
  deleteServerOverride,
  updateServerOverride,
} from '@proxywatch/core/drivers/dcdb/servers/server-override-writes';
import { z } from 'zod';
import { noContent, okRevised } from '#api/answer';
import { batchRoute } from '#api/batch';
import { dryRunQuery, idParams } from '#api/fields';
import { route } from '#api/route';
import { expiresAt, overrideAnswer, placeFields, reason, weight } from './database-fields.ts';
import { lockOverride, rereadOverride } from './find-override.ts';
import { overrideResource } from './override-resource.ts';
import { noteChange, placeOverride, requireFuture, unprocessable } from './place-override.ts';

const newOverride = z.strictObject({
  ...placeFields,
  kind: z.enum(SERVER_OVERRIDE_KINDS).meta({
    description:
      'weight: another weight; drain: running transactions end, no new ones begin; pin: kept although the service does ' +
      'not know it; ignore: left out although the service knows it',
  }),
  weight: weight().nullable().default(null).meta({ description: 'of a weight, and of a pin (1 if it has none)' }),
  reason: reason().default(''),
  expiresAt: expiresAt.default(null),
});

const creation = {
  module: 'databases',
  role: 'operator',
  query: dryRunQuery,
  body: newOverride,
  answers: {
    201: { description: 'the override', schema: overrideAnswer },
    200: { description: 'dry run: what it would be', schema: overrideAnswer },
    404: { description: 'there is no such namespace that the caller may see' },
    409: { description: 'the server has such an override already, or is pinned and would be ignored, or the reverse' },
    422: { description: 'there is no such namespace, the time is over, or the kind does not go with the other fields' },
  },
} as const;

const EXAMPLE = {
  namespace: 'shop',
  host: '127.0.0.1',
  port: 13306,
  hostgroup: 20,
  kind: 'weight',
  weight: 5,
  reason: 'warming up',
  expiresAt: '2037-01-31T12:00:00Z',
};

export const createOverride = route({
  ...creation,
  method: 'POST',
  path: '/v1/databases/overrides',
  operationId: 'createServerOverride',
  summary: 'Has a namespace depart from the database configuration service for one server',
  description:
    'The proxies follow once a plan of the namespace was applied. When it runs out they go back by themselves, unless the plan ' +
    'for it would change anything else or is refused: `returnProblem` then says why, and a plan must be applied.',
  example: EXAMPLE,
  handle: (deps, request) => addOverride(request, request.body, deps.nowMs()),
});

export const batchOverrides = batchRoute({
  module: 'databases',
  path: '/v1/databases/overrides/actions/batch',
  operationId: 'createServerOverrides',
  summary: 'Creates up to 100 overrides, each on its own',
  role: 'operator',
  query: dryRunQuery,
  body: newOverride,
  example: { items: [EXAMPLE] },
  handle: (deps, request) => addOverride(request, request.body, deps.nowMs()),
});

type Adding = Parameters<typeof placeOverride>[0];

async function addOverride(request: Adding, body: z.output<typeof newOverride>, nowMs: number) {
  requireRole(request.caller, 'operator', body.namespace, `namespace ${body.namespace}`);
  requireSense(body);
  return placeOverride(request, body, 'create', { nowMs, isNew: true });
}

interface Described {
  readonly kind: ServerOverrideKind;
  readonly hostgroup: number | null;
  readonly weight: number | null;
}

/** Throws UNPROCESSABLE for fields that do not go with the kind. */
export function requireSense({ kind, hostgroup, weight: given }: Described): void {
  const problems: FieldProblem[] = [];
  if (kind === 'weight' && given === null) problems.push({ pointer: '/weight', message: 'a weight needs one' });
  if (kind !== 'weight' && kind !== 'pin' && given !== null) {
    problems.push({ pointer: '/weight', message: `a ${kind} has no weight` });
  }
  if (kind === 'pin' && hostgroup === null) {
    problems.push({ pointer: '/hostgroup', message: 'a pin needs the hostgroup that the server is kept in' });
  }
  if (problems.length > 0) throw unprocessable('the fields do not go with the kind', problems);
}

export const changeOverride = route({
  module: 'databases',
  method: 'PATCH',
  path: '/v1/databases/overrides/{id}',
  operationId: 'changeServerOverride',
  summary: 'Changes weight, reason or end of an override',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ weight: weight().nullable(), reason: reason(), expiresAt }).partial(),
  needsIfMatch: true,
  example: { weight: 10, expiresAt: null },
  answers: {
    200: { description: 'the override', schema: overrideAnswer },
    404: { description: 'there is no such override, or none that the caller may see' },
    422: { description: 'the time is over, or the kind does not go with the other fields' },
  },
  handle({ nowMs }, request) {
    const { params, body, signal } = request;
    return request.change(async (tx, audit) => {
      const before = await lockOverride(tx, params.id, request);
      requireSense({ ...before, ...(body.weight !== undefined && { weight: body.weight }) });
      if (body.expiresAt !== undefined) requireFuture({ expiresAt: body.expiresAt }, nowMs());
      await updateServerOverride(tx, params.id, body, signal);
      const after = overrideResource(await rereadOverride(tx, params.id, signal), nowMs());
      const { id, namespace } = before;
      noteChange(audit, 'update', { id, namespace, before: overrideResource(before, nowMs()), after });
      return okRevised(after);
    });
  },
});

export const deleteOverride = route({
  module: 'databases',
  method: 'DELETE',
  path: '/v1/databases/overrides/{id}',
  operationId: 'deleteServerOverride',
  summary: 'Ends an override: the server is as the service says again, once a plan was applied',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: {
    204: { description: 'it is deleted; of a dry run: it could be' },
    404: { description: 'there is no such override, or none that the caller may see' },
  },
  handle({ nowMs }, request) {
    return request.change(async (tx, audit) => {
      const before = await lockOverride(tx, request.params.id, request);
      const { id, namespace } = before;
      await deleteServerOverride(tx, id, request.signal);
      noteChange(audit, 'delete', { id, namespace, before: overrideResource(before, nowMs()) });
      return noContent();
    });
  },
});
