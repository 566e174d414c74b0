import { requireFleetRole } from '@proxywatch/core/domain/access/caller';
import {
  fetchWritesSwitch,
  storeWritesSwitch,
  type WritesSwitch,
} from '@proxywatch/core/drivers/dcdb/settings/writes-switch';
import { z } from 'zod';
import { okRevised } from '#api/answer';
import { requireRevision } from '#api/conditions';
import { dryRunQuery, flag, instant, text } from '#api/fields';
import { route } from '#api/route';

const writes = z.strictObject({
  enabled: z.boolean().meta({ description: 'false: nothing is written to any proxy' }),
  reason: z.string(),
  revision: z.int(),
  updatedBy: z.string(),
  updatedAt: instant().nullable().meta({ description: 'null: nobody touched it yet' }),
});

export const getWrites = route({
  module: 'system',
  method: 'GET',
  path: '/v1/settings/writes',
  operationId: 'getWrites',
  summary: 'Whether anything may be written to proxies',
  role: 'viewer',
  answers: { 200: { description: 'the switch', schema: writes } },
  async handle({ db }, { signal }) {
    return okRevised(shownOf(await fetchWritesSwitch(db, { signal })));
  },
});

export const setWrites = route({
  module: 'system',
  method: 'POST',
  path: '/v1/settings/writes',
  operationId: 'setWrites',
  summary: 'Stops all writes to proxies at once, or lets them go on',
  description:
    'Operations that run stop at their next step and stay as they are; nothing is rolled back while writes are off. ' +
    'Needs the role for all namespaces.',
  role: 'admin',
  query: dryRunQuery,
  body: z.strictObject({
    enabled: flag(),
    reason: text(1_000, { min: 1 }).meta({ description: 'told to everybody whose change is refused' }),
  }),
  example: { enabled: false, reason: 'incident 42: something writes what nobody asked for' },
  answers: { 200: { description: 'the switch', schema: writes } },
  handle(_deps, request) {
    const { body, caller, signal } = request;
    requireFleetRole(caller, 'admin');
    return request.change(async (tx, audit) => {
      const before = await fetchWritesSwitch(tx, { forUpdate: true, signal });
      requireRevision(request.ifMatch, before.revision);
      await storeWritesSwitch(tx, { ...body, updatedBy: caller.name }, signal);
      const after = await fetchWritesSwitch(tx, { signal });
      audit({
        action: body.enabled ? 'enable-writes' : 'disable-writes',
        resourceType: 'settings',
        resourceId: 'writes',
        before: shownOf(before),
        after: shownOf(after),
        reason: request.reason === '' ? body.reason : request.reason,
      });
      return okRevised(shownOf(after));
    });
  },
});

function shownOf({ enabled, reason, revision, updatedBy, updatedAt }: WritesSwitch): z.infer<typeof writes> {
  return { enabled, reason, revision, updatedBy, updatedAt: updatedAt?.toISOString() ?? null };
}
