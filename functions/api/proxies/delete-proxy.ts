import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { countProxySettings } from '@proxywatch/core/drivers/dcdb/proxies/proxy-references';
import { deleteProxy as deleteRow } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import { type Answer, noContent } from '#api/answer';
import { dryRunQuery, identifierParams } from '#api/fields';
import { route } from '#api/route';
import type { Changing } from './change-proxy.ts';
import { lockProxy, requireIdle } from './find-proxy.ts';
import { proxyResource } from './proxy-resource.ts';
import { publishChange } from './publish-change.ts';

export const deleteProxy = route({
  module: 'proxies',
  method: 'DELETE',
  path: '/v1/proxies/{id}',
  operationId: 'deleteProxy',
  summary: 'Deletes a proxy that is retired',
  description: 'Retire it first: gateways write its history back and let go of it. What it was stays in the audit.',
  role: 'operator',
  params: identifierParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: {
    204: { description: 'it is deleted; of a dry run: it could be' },
    404: { description: 'there is no such proxy, or none that the caller may see' },
    409: { description: 'it is not retired, an operation works on it, or there are settings for it alone' },
  },
  async handle(deps, request) {
    return publishChange(deps, request, await removeProxy(request, request.params.id));
  },
});

export function removeProxy(request: Changing, id: string): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const before = await lockProxy(tx, id, 'operator', request);
    if (before.state !== 'retired') {
      throw new ProxywatchError('CONFLICT', `the proxy ${id} is ${before.state}; only a retired one can be deleted`);
    }
    await requireIdle(tx, id, signal);
    const settings = await countProxySettings(tx, id, signal);
    if (settings > 0) {
      throw new ProxywatchError(
        'CONFLICT',
        `there are settings of variables or monitoring for ${id} alone: ${settings}`,
      );
    }
    await deleteRow(tx, id, signal);
    const { namespace } = before.registration;
    audit({ action: 'delete', resourceType: 'proxy', resourceId: id, namespace, before: proxyResource(before) });
    return noContent();
  });
}
