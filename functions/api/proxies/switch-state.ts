import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegistryState } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { updateProxy } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import { type Answer, okRevised } from '#api/answer';
import { dryRunQuery, identifierParams } from '#api/fields';
import { route } from '#api/route';
import type { Changing } from './change-proxy.ts';
import { lockProxy, requireIdle, reread } from './find-proxy.ts';
import { proxyAnswer } from './proxy-fields.ts';
import { fieldsOf, isObserved, proxyResource } from './proxy-resource.ts';
import { publishChange } from './publish-change.ts';

export const STATE_VERBS = ['pause', 'resume', 'drain', 'retire'] as const;
export type StateVerb = (typeof STATE_VERBS)[number];

const STATE_OF = { pause: 'paused', resume: 'registered', drain: 'draining', retire: 'retired' } as const;

export const pauseProxy = stateRoute('pause', 'Has nobody collect from a proxy until it is resumed', [
  'Gateways write its history back and let go of it; when it is resumed its series go on where they stopped.',
]);
export const resumeProxy = stateRoute('resume', 'Ends pausing or draining', []);
export const drainProxy = stateRoute('drain', 'Marks a proxy as one that is being emptied', [
  'It is collected from as before. That clients go elsewhere is for whoever sends them: the mark tells people and tools.',
]);
export const retireProxy = stateRoute('retire', 'Takes a proxy out of the registry for good', [
  'Gateways write its history back and let go of it, the scanner forgets it. There is no way back but to delete it and ' +
    'to register it anew.',
]);

function stateRoute(verb: StateVerb, summary: string, description: readonly string[]) {
  return route({
    module: 'proxies',
    method: 'POST',
    path: `/v1/proxies/{id}/actions/${verb}`,
    operationId: `${verb}Proxy`,
    summary,
    description: [...description, 'Doing it again changes nothing.'].join(' '),
    role: 'operator',
    params: identifierParams,
    query: dryRunQuery,
    answers: {
      200: { description: 'the proxy', schema: proxyAnswer },
      404: { description: 'there is no such proxy, or none that the caller may see' },
      409: { description: 'it is retired, or an operation works on it' },
    },
    async handle(deps, request) {
      return publishChange(deps, request, await switchState(request, request.params.id, verb));
    },
  });
}

/** Whoever calls publishes the registry afterwards. */
export function switchState(request: Changing, id: string, verb: StateVerb): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const before = await lockProxy(tx, id, 'operator', request);
    const fields = fieldsOf(before);
    const state = nextState(fields.state, verb, id);
    if (state === 'retired') await requireIdle(tx, id, signal);
    if (state !== fields.state) await updateProxy(tx, { ...fields, state }, signal);
    const after = proxyResource(await reread(tx, id, signal));
    const { namespace } = after;
    audit({ action: verb, resourceType: 'proxy', resourceId: id, namespace, before: proxyResource(before), after });
    return okRevised(after);
  });
}

function nextState(state: RegistryState, verb: StateVerb, id: string): RegistryState {
  if (state === 'retired' && verb !== 'retire') throw new ProxywatchError('CONFLICT', `the proxy ${id} is retired`);
  // One that nobody stopped has nothing to resume from.
  return verb === 'resume' && isObserved(state) ? state : STATE_OF[verb];
}
