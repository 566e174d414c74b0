import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { ServerOverrideKind } from '@proxywatch/core/domain/control/server-overrides';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { deleteServerOverride } from '@proxywatch/core/drivers/dcdb/servers/server-override-writes';
import { lockServerOverrides } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import { z } from 'zod';
import { ok } from '#api/answer';
import { dryRunQuery, timestamp } from '#api/fields';
import { route } from '#api/route';
import { expiresAt, hostgroup, overrideAnswer, placeFields, reason, weight } from './database-fields.ts';
import { overrideResource } from './override-resource.ts';
import { noteChange, placeOverride } from './place-override.ts';

const how = { reason: reason().default(''), until: expiresAt.default(null) };
const place = { namespace: 'shop', host: '127.0.0.1', port: 13306, hostgroup: 20 };

interface ActionBody {
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly hostgroup: number | null;
  readonly weight?: number | undefined;
  readonly reason: string;
  readonly until: Date | null;
}

export const drainServer = action('drain', 'drain', {
  summary: 'Has a server end its running transactions and take no new ones',
  body: z.strictObject({ ...placeFields, ...how }),
  example: { ...place, reason: 'kernel update', until: '2037-01-31T12:00:00Z' },
});

export const weighServer = action('weight', 'weight', {
  summary: 'Gives a server another weight for some time',
  body: z.strictObject({ ...placeFields, ...how, weight: weight(), until: timestamp() }),
  example: { ...place, weight: 5, reason: 'warming up', until: '2037-01-31T12:00:00Z' },
});

export const pinServer = action('pin', 'pin', {
  summary: 'Keeps a server in a hostgroup although the service does not know it',
  body: z.strictObject({ ...placeFields, ...how, hostgroup: hostgroup(), weight: weight().default(1) }),
  example: { ...place, weight: 1, reason: 'stays until the migration is over' },
});

export const ignoreServer = action('ignore', 'ignore', {
  summary: 'Leaves a server out although the service knows it',
  body: z.strictObject({ ...placeFields, ...how }),
  example: { ...place, reason: 'belongs to the analysts' },
});

export const undrainServer = route({
  module: 'databases',
  method: 'POST',
  path: '/v1/databases/actions/undrain',
  operationId: 'undrainServer',
  summary: 'Takes a drain of a server back',
  description: 'The drain for this hostgroup, or for all (null): each is taken back where it was made.',
  role: 'operator',
  query: dryRunQuery,
  body: z.strictObject(placeFields),
  example: place,
  answers: {
    200: { description: 'the overrides that are gone', schema: z.strictObject({ removed: z.array(overrideAnswer) }) },
    404: { description: 'the server is not drained there, or there is no such namespace that the caller may see' },
  },
  handle({ nowMs }, request) {
    const { body, caller, signal } = request;
    requireRole(caller, 'operator', body.namespace, `namespace ${body.namespace}`);
    return request.change(async (tx, audit) => {
      const held = await lockServerOverrides(tx, body, signal);
      const removed = held.filter(({ kind }) => kind === 'drain').map((drain) => overrideResource(drain, nowMs()));
      if (removed.length === 0) throw new ProxywatchError('NOT_FOUND', 'the server is not drained there');
      for (const before of removed) {
        await deleteServerOverride(tx, before.id, signal);
        noteChange(audit, 'undrain', { id: before.id, namespace: body.namespace, before });
      }
      return ok({ removed });
    });
  },
});

interface ActionDefinition {
  readonly summary: string;
  readonly body: z.ZodType<ActionBody>;
  readonly example: unknown;
}

function action(verb: string, kind: ServerOverrideKind, { summary, body, example }: ActionDefinition) {
  return route({
    module: 'databases',
    method: 'POST',
    path: `/v1/databases/actions/${verb}`,
    operationId: `${verb}Server`,
    summary,
    description:
      'Makes an override of the server in this namespace, or changes the one that there is. The proxies follow once a plan ' +
      'of the namespace was applied, and by themselves after `until`; if something is in the way, `returnProblem` says what.',
    role: 'operator',
    query: dryRunQuery,
    body,
    example,
    answers: {
      200: { description: 'the override that there was, changed; or a dry run', schema: overrideAnswer },
      201: { description: 'the new override', schema: overrideAnswer },
      404: { description: 'there is no such namespace that the caller may see' },
      409: { description: 'the server is pinned and would be ignored, or the reverse' },
      422: { description: 'there is no such namespace, or the time is over' },
    },
    async handle({ nowMs }, request) {
      const { namespace, host, port, hostgroup: of, weight: given = null, reason: why, until } = request.body;
      requireRole(request.caller, 'operator', namespace, `namespace ${namespace}`);
      const wanted = { namespace, host, port, hostgroup: of, kind, weight: given, reason: why, expiresAt: until };
      return placeOverride(request, wanted, verb, { nowMs: nowMs(), isNew: false, endPointer: '/until' });
    },
  });
}
