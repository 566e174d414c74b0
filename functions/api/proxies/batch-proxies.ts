import { z } from 'zod';
import { batchRoute } from '#api/batch';
import { identifier, integer } from '#api/fields';
import { route } from '#api/route';
import { changeFields, proxyChanges } from './change-proxy.ts';
import { newProxy, probeQuery, registerProxy } from './create-proxy.ts';
import { removeProxy } from './delete-proxy.ts';
import { publishChange } from './publish-change.ts';
import { STATE_VERBS, switchState } from './switch-state.ts';

const known = { id: identifier(), revision: integer(1, 999_999_999_999).optional() };

const item = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('register'), proxy: newProxy }),
  z.strictObject({ action: z.literal('update'), ...known, changes: proxyChanges }),
  z.strictObject({ action: z.enum(STATE_VERBS), ...known }),
  z.strictObject({ action: z.literal('delete'), ...known }),
]);

const batch = batchRoute({
  module: 'proxies',
  path: '/v1/proxies/actions/batch',
  operationId: 'batchProxies',
  summary: 'Registers and changes up to 100 proxies, each by itself',
  description:
    'Each item is done, or refused, as its own request would be; `revision` stands for If-Match, and without it the item ' +
    'is done whatever the revision is. With `probe=false` nothing is tried out, which is quicker by far.',
  role: 'operator',
  query: probeQuery,
  body: item,
  example: {
    items: [
      { action: 'pause', id: 'lab-2' },
      { action: 'update', id: 'lab-1', changes: { labels: { tier: '1' } } },
    ],
  },
  handle(deps, request) {
    const { body, query } = request;
    const mayTry = query.probe !== false;
    if (body.action === 'register') return registerProxy(deps, request, body.proxy, mayTry);
    const own = { ...request, ifMatch: body.revision };
    if (body.action === 'update') return changeFields(deps, own, body.id, body.changes, mayTry);
    if (body.action === 'delete') return removeProxy(own, body.id);
    return switchState(own, body.id, body.action);
  },
});

export const batchProxies = route({
  ...batch,
  /** The registry is published once for all items. */
  async handle(deps, request) {
    return publishChange(deps, request, await batch.handle(deps, request));
  },
});
