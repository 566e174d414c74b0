import { includesRole } from '@proxywatch/core/domain/access/role';
import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { sql } from 'kysely';
import { z } from 'zod';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { queryFlag } from '#api/fields';
import { route } from '#api/route';

/** Of one service; slower is as good as away. */
const LIMIT_MS = 3_000;

const serviceHealth = z.strictObject({
  name: z.string(),
  state: z.enum(['ok', 'unavailable']),
  latencyMs: z.int().min(0),
  /** Why it is unavailable. */
  code: z.string().optional(),
});
type ServiceHealth = z.infer<typeof serviceHealth>;

export const getHealth = route({
  module: 'system',
  method: 'GET',
  path: '/healthz',
  operationId: 'getHealth',
  summary: 'Whether the API answers',
  description:
    'With `deep=true`, for viewers, each service behind it is asked too, and told of with its state and latency.',
  role: 'public',
  callerFlag: 'deep',
  query: z.strictObject({ deep: queryFlag().optional() }),
  answers: {
    200: {
      description: 'it answers; `degraded`: a service behind it does not',
      schema: z.strictObject({ status: z.enum(['ok', 'degraded']), services: z.array(serviceHealth).optional() }),
    },
    401: { description: '`deep` is for viewers' },
    403: { description: '`deep` is for viewers' },
  },
  async handle(deps, { query, caller, signal }) {
    if (query.deep !== true) return ok({ status: 'ok' });
    if (caller.name === '') throw new ProxywatchError('UNAUTHENTICATED', 'deep is for viewers: this needs credentials');
    if (!includesRole(caller.highestRole, 'viewer')) {
      throw new ProxywatchError('FORBIDDEN', 'deep needs the role viewer');
    }
    const services = await Promise.all(checksOf(deps).map((check) => healthOf(check, signal)));
    const isOk = services.every(({ state }) => state === 'ok');
    return ok({ status: isOk ? 'ok' : 'degraded', services });
  },
});

interface Check {
  readonly name: string;
  ask(signal: AbortSignal): Promise<unknown>;
}

function checksOf(deps: ApiDeps): readonly Check[] {
  return [
    { name: 'dcdb', ask: (signal) => sql`select 1`.execute(deps.db, { signal }) },
    { name: 'redis', ask: (signal) => deps.redis.call('PING', [], { signal }) },
    { name: 'skyeye', ask: (signal) => deps.skyeye.query('vector(1)', undefined, signal) },
    { name: 'dbconfig', ask: (signal) => askFresh(deps, signal) },
  ];
}

/** An answer that was remembered says nothing about the service. */
async function askFresh({ databases }: ApiDeps, signal: AbortSignal): Promise<void> {
  const { staleSeconds } = await databases.fetchClusters(signal);
  if (staleSeconds > 0)
    throw new ProxywatchError('SERVICE_UNREACHABLE', 'the answer is an old one', { service: 'dbconfig' });
}

async function healthOf({ name, ask }: Check, signal: AbortSignal): Promise<ServiceHealth> {
  const startedMs = performance.now();
  const latency = () => Math.round(performance.now() - startedMs);
  try {
    await ask(AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]));
    return { name, state: 'ok', latencyMs: latency() };
  } catch (error) {
    return { name, state: 'unavailable', latencyMs: latency(), code: errorCodeOf(error) ?? 'INTERNAL' };
  }
}
