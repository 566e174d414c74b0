import { checkJson } from '@proxywatch/core/config/parse-json';
import { z } from 'zod';
import type { Catalogue } from './catalogue.ts';
import type { Reply } from './reply.ts';

/** Whether the service answers at all, as one that is down would not. */
export interface Availability {
  isAvailable: boolean;
}

const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/);
const instanceFields = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9_.:-]{1,255}$/),
  port: z.int().min(1).max(65_535),
  role: z.enum(['writer', 'reader']),
  weight: z.int().min(0).max(10_000_000),
  zone: z.string().max(64),
  maxConnections: z.int().min(0).max(4_294_967_295),
  maxReplicationLag: z.int().min(0).max(126_144_000),
  useSsl: z.boolean(),
  status: z.enum(['online', 'draining', 'offline']),
});
const instanceChanges = instanceFields.partial();
const instance = instanceFields.extend({ id: identifier });
const cluster = z.strictObject({
  name: z.string().max(255),
  engine: z.string().max(64),
  description: z.string().max(1_000).default(''),
  region: z.string().max(64).default(''),
  instances: z.array(instance).max(1_000),
});
const availability = z.strictObject({ available: z.boolean() });

/**
 * What changes the clusters, for demonstrations: no part of the contract. `parts` is the path behind /admin. `undefined`:
 * there is no such route.
 */
export function answerAdmin(
  catalogue: Catalogue,
  state: Availability,
  method: string,
  parts: readonly string[],
  body: string,
): Reply | undefined {
  const [first, clusterId = '', third, instanceId = ''] = parts;
  if (first === 'availability' && parts.length === 1 && method === 'PUT') {
    return withBody(availability, body, ({ available }) => {
      state.isAvailable = available;
      return { status: 200, body: { available } };
    });
  }
  if (first !== 'clusters' || !identifier.safeParse(clusterId).success) return undefined;
  if (parts.length === 2) return answerCluster(catalogue, method, clusterId, body);
  if (parts.length !== 4 || third !== 'instances' || !identifier.safeParse(instanceId).success) return undefined;
  return answerInstance(catalogue, method, clusterId, instanceId, body);
}

function answerCluster(catalogue: Catalogue, method: string, id: string, body: string): Reply | undefined {
  if (method === 'DELETE') return catalogue.removeCluster(id) ? { status: 204 } : NOT_FOUND;
  if (method !== 'PUT') return undefined;
  return withBody(cluster, body, (given) => {
    catalogue.putCluster({ id, ...given });
    return { status: 200, body: catalogue.cluster(id) };
  });
}

function answerInstance(
  catalogue: Catalogue,
  method: string,
  clusterId: string,
  id: string,
  body: string,
): Reply | undefined {
  const held = catalogue.instances(clusterId)?.find((one) => one.id === id);
  if (method === 'DELETE') return catalogue.removeInstance(clusterId, id) ? { status: 204 } : NOT_FOUND;
  if (method === 'PATCH') {
    if (held === undefined) return NOT_FOUND;
    return withBody(instanceChanges, body, (changes) => {
      const changed = { ...held, ...changes };
      catalogue.putInstance(clusterId, changed);
      return { status: 200, body: changed };
    });
  }
  if (method !== 'PUT') return undefined;
  return withBody(instanceFields, body, (fields) => {
    const added = { id, ...fields };
    return catalogue.putInstance(clusterId, added) ? { status: 200, body: added } : NOT_FOUND;
  });
}

const NOT_FOUND: Reply = { status: 404, body: { error: 'there is no such cluster or instance' } };

function withBody<T>(schema: z.ZodType<T>, text: string, act: (value: T) => Reply): Reply {
  const parsed = checkJson(schema, text);
  return 'value' in parsed ? act(parsed.value) : { status: 400, body: { error: parsed.problems.join('; ') } };
}
