import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { Skyeye } from '@proxywatch/core/ports/skyeye';
import { z } from 'zod';
import { ok, okRevised } from '#api/answer';
import { identifierParams } from '#api/fields';
import { route } from '#api/route';
import { findProxy } from './find-proxy.ts';
import { liveProxyAnswer, runtimeAnswer } from './proxy-fields.ts';
import { proxyResource, withRuntime } from './proxy-resource.ts';
import { fetchRuntimes } from './proxy-runtime.ts';

/** The platform's word on it is worth no longer wait. */
const COST_TIMEOUT_MS = 1_500;

export const getProxy = route({
  module: 'proxies',
  method: 'GET',
  path: '/v1/proxies/{id}',
  operationId: 'getProxy',
  summary: 'One proxy, with what runs there',
  description:
    'The ETag is that of the registration: what runs there may be another while it stays. While Redis is away `runtime` ' +
    'is null, and a Warning header says so.',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: {
      description: 'the proxy',
      schema: liveProxyAnswer.extend({
        runtime: runtimeAnswer
          .extend({
            collectSeconds: z.number().nullable().meta({ description: 'how long its latest collection took' }),
          })
          .nullable(),
      }),
    },
    404: { description: 'there is no such proxy, or none that the caller may see' },
  },
  async handle(deps, request) {
    const { signal } = request;
    const proxy = proxyResource(await findProxy(deps.db, request.params.id, 'viewer', request));
    try {
      const [runtimes, collectSeconds] = await Promise.all([
        fetchRuntimes(deps, [proxy.id], signal),
        fetchCollectSeconds(deps.skyeye, proxy.id, signal),
      ]);
      const runtime = runtimes.get(proxy.id);
      if (runtime === undefined) return okRevised({ ...proxy, runtime: null });
      const live = withRuntime(proxy, runtime);
      return okRevised({ ...live, runtime: { ...live.runtime, collectSeconds } });
    } catch (error) {
      signal.throwIfAborted();
      if (errorCodeOf(error) !== 'STORE_UNAVAILABLE') throw error;
      const warning = '199 proxywatch "redis is unavailable: what runs there is not known"';
      const answer = okRevised({ ...proxy, runtime: null });
      return ok(answer.body, { ...answer.headers, warning });
    }
  },
});

/** `null` where the platform does not know, or cannot be asked: that is no reason to answer nothing. */
async function fetchCollectSeconds(skyeye: Skyeye, id: string, signal: AbortSignal): Promise<number | null> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(COST_TIMEOUT_MS)]);
    const query = `max(dbproxy_collect_duration_seconds{proxy=${JSON.stringify(id)}})`;
    const { series } = await skyeye.query(query, undefined, limit);
    const seconds = Number(series[0]?.samples.at(-1)?.[1] ?? Number.NaN);
    return Number.isFinite(seconds) ? seconds : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
