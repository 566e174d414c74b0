import { errorCodeOf, isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import { updateProxy } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifierParams } from '#api/fields';
import { route } from '#api/route';
import { findProxy, lockProxy, reread } from './find-proxy.ts';
import { type Probe, probeProxy } from './probe-proxy.ts';
import { probeAnswer, proxyState } from './proxy-fields.ts';
import { fieldsOf, isObserved, proxyResource } from './proxy-resource.ts';

const problem = z.strictObject({ pointer: z.string(), message: z.string() });

type Trial =
  | { readonly probe: Probe; readonly problems: readonly [] }
  | { readonly probe: null; readonly problems: readonly z.infer<typeof problem>[] };

export const probeRegisteredProxy = route({
  module: 'proxies',
  method: 'POST',
  path: '/v1/proxies/{id}/actions/probe',
  operationId: 'probeProxy',
  summary: 'Tries a proxy out as registering does',
  description:
    'Connects with the credentials of the registration and tells what was found, or which field of the registration is to ' +
    'blame. The stored state becomes online or unreachable, unless somebody paused, drained or retired the proxy.',
  role: 'operator',
  params: identifierParams,
  answers: {
    200: {
      description: 'what was found; `probe` is null when something was wrong',
      schema: z.strictObject({
        id: z.string(),
        state: proxyState,
        probe: probeAnswer.nullable(),
        problems: z.array(problem),
      }),
    },
    404: { description: 'there is no such proxy, or none that the caller may see' },
  },
  async handle(deps, request) {
    const { signal } = request;
    const { id } = request.params;
    const { registration } = await findProxy(deps.db, id, 'operator', request);
    const trial = await attempt(() => probeProxy(deps, registration, signal));
    return request.change(async (tx, audit) => {
      const before = await lockProxy(tx, id, 'operator', request);
      const fields = fieldsOf(before);
      const found = trial.probe === null ? 'unreachable' : 'online';
      if (isObserved(fields.state) && fields.state !== found)
        await updateProxy(tx, { ...fields, state: found }, signal);
      const after = proxyResource(await reread(tx, id, signal));
      const { namespace, state } = after;
      audit({
        action: 'probe',
        resourceType: 'proxy',
        resourceId: id,
        namespace,
        before: proxyResource(before),
        after,
      });
      return ok({ id, state, ...trial });
    });
  },
});

async function attempt(probe: () => Promise<Probe>): Promise<Trial> {
  try {
    return { probe: await probe(), problems: [] };
  } catch (error) {
    if (errorCodeOf(error) !== 'UNPROCESSABLE' || !isProxywatchError(error)) throw error;
    if (error.problems.length === 0) throw new ProxywatchError('INTERNAL', 'a trial failed without a reason');
    return { probe: null, problems: error.problems };
  }
}
