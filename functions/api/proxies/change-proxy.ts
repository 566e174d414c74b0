import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { type ProxyFields, updateProxy } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import { sameRegistration } from '@proxywatch/core/drivers/dcdb/registration-row';
import { z } from 'zod';
import { type Answer, okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { identifierParams } from '#api/fields';
import { route } from '#api/route';
import { probeQuery, requireChangeable } from './create-proxy.ts';
import { requireCredentialUse } from './credential-use.ts';
import {
  findProxy,
  lockProxy,
  requireFreeAddress,
  requireIdle,
  requireNamespace,
  requireTarget,
  reread,
} from './find-proxy.ts';
import { probeProxy } from './probe-proxy.ts';
import { probedProxyAnswer, proxyFields } from './proxy-fields.ts';
import { fieldsOf, flat, isObserved, proxyResource, registrationOf } from './proxy-resource.ts';
import { publishChange } from './publish-change.ts';

export const proxyChanges = z.strictObject(proxyFields).partial();
export type ProxyChanges = z.output<typeof proxyChanges>;

export const changeProxy = route({
  module: 'proxies',
  method: 'PATCH',
  path: '/v1/proxies/{id}',
  operationId: 'changeProxy',
  summary: 'Changes a registration, field by field',
  description:
    'Id and kind stay: another one is another proxy. When its admin address or a credential changes the proxy is tried ' +
    'out first, unless `probe=false`. To move it to another namespace takes the role operator in both.',
  role: 'operator',
  params: identifierParams,
  query: probeQuery,
  body: proxyChanges,
  needsIfMatch: true,
  example: { managed: true, adminCredentialRef: 'shop-admin', labels: { tier: '1' } },
  answers: {
    200: { description: 'the proxy, and what was found if it was tried out', schema: probedProxyAnswer },
    404: { description: 'there is no such proxy, or none that the caller may see' },
    409: { description: 'another proxy has the admin address, an operation works on it, or it is retired' },
    422: {
      description: 'the proxy could not be tried out, there is no such namespace, or fields contradict each other',
    },
  },
  async handle(deps, request) {
    const { params, body, query } = request;
    return publishChange(deps, request, await changeFields(deps, request, params.id, body, query.probe !== false));
  },
});

export type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller' | 'ifMatch'>;

/** Whoever calls publishes the registry afterwards. */
export async function changeFields(
  deps: ApiDeps,
  request: Changing,
  id: string,
  changes: ProxyChanges,
  mayTry: boolean,
): Promise<Answer> {
  const { signal, caller, ifMatch } = request;
  const known = await findProxy(deps.db, id, 'operator', request);
  requireRevision(ifMatch, known.revision);
  if (changes.namespace !== undefined) requireTarget(caller, changes.namespace);
  const wanted = merge(known, changes);
  requireChangeable(wanted);
  await requireCredentialUse(deps.db, caller, wanted.registration, known.registration, signal);
  const isTried = mayTry && needsTrial(known, wanted);
  const probe = isTried ? await probeProxy(deps, wanted.registration, signal) : null;
  const fields: ProxyFields = { ...wanted, state: isTried && isObserved(wanted.state) ? 'online' : wanted.state };
  return request.change(async (tx, audit) => {
    const before = await lockProxy(tx, id, 'operator', request);
    // What was tried out was made of what was known before the lock.
    if (before.revision !== known.revision) throw new ProxywatchError('STALE', 'the proxy was changed meanwhile');
    if (before.state === 'retired') throw new ProxywatchError('CONFLICT', `the proxy ${id} is retired`);
    // Who lets go of a proxy counts on it that nothing is written to it any more.
    if (before.managed && !fields.managed) await requireIdle(tx, id, signal);
    if (!sameRegistration(before.registration, fields.registration)) {
      await requireIdle(tx, id, signal);
      await requireNamespace(tx, fields.registration.namespace, signal);
      await requireFreeAddress(tx, fields.registration, request);
    }
    await updateProxy(tx, fields, signal);
    const after = proxyResource(await reread(tx, id, signal));
    const { namespace } = after;
    audit({ action: 'update', resourceType: 'proxy', resourceId: id, namespace, before: proxyResource(before), after });
    return okRevised({ ...after, probe });
  });
}

function merge(known: ProxyRecord, { managed, region, zone, labels, ...addresses }: ProxyChanges): ProxyFields {
  const before = fieldsOf(known);
  return {
    ...before,
    registration: registrationOf({ ...flat(before.registration), ...addresses }),
    managed: managed ?? before.managed,
    region: region ?? before.region,
    zone: zone ?? before.zone,
    labels: labels ?? before.labels,
  };
}

function needsTrial(known: ProxyRecord, wanted: ProxyFields): boolean {
  const [before, after] = [known.registration, wanted.registration];
  return (['adminHost', 'adminPort', 'adminTls', 'statsCredentialRef', 'adminCredentialRef'] as const).some(
    (field) => before[field] !== after[field],
  );
}
