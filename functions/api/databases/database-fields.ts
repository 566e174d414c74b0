import { SERVER_OVERRIDE_KINDS } from '@proxywatch/core/domain/control/server-overrides';
import { z } from 'zod';
import { identifier, instant, integer, text, timestamp, uuid } from '#api/fields';

const LARGEST_HOSTGROUP = 2_147_483_647;
const LARGEST_WEIGHT = 10_000_000;

/** A name or an address, as it stands in the tables of a proxy. */
export function host() {
  return z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,255}$/, { error: 'expected a host name or an address' })
    .meta({ maxLength: 255 });
}
export const port = () => integer(1, 65_535);
export const hostgroup = () => integer(0, LARGEST_HOSTGROUP);
export const weight = () => integer(0, LARGEST_WEIGHT);
export const reason = () => text(1_000);

export const staleSeconds = z
  .int()
  .meta({ description: '0: as the service says now; more: as it said so long ago, since it cannot be reached' });

export const clusterAnswer = z.strictObject({
  id: identifier(),
  name: z.string(),
  engine: z.string(),
  description: z.string(),
  region: z.string(),
  updatedAt: instant(),
});

export const instanceAnswer = z.strictObject({
  id: identifier(),
  host: z.string(),
  port: z.int(),
  role: z.enum(['writer', 'reader']),
  weight: z.int(),
  zone: z.string(),
  maxConnections: z.int(),
  maxReplicationLag: z.int().meta({ description: 'seconds; 0: no limit' }),
  useSsl: z.boolean(),
  status: z.enum(['online', 'draining', 'offline']),
});

/** What tells one server of a namespace from others. */
export const placeFields = {
  namespace: identifier(),
  host: host(),
  port: port(),
  hostgroup: hostgroup()
    .nullable()
    .default(null)
    .meta({ description: 'where it holds; null: in every hostgroup. A pin needs one' }),
};

export const expiresAt = timestamp()
  .nullable()
  .meta({ description: 'when the server is as before; null: until deleted' });

export const overrideAnswer = z.strictObject({
  id: uuid(),
  namespace: identifier(),
  host: z.string(),
  port: z.int(),
  hostgroup: z.int().nullable(),
  kind: z.enum(SERVER_OVERRIDE_KINDS),
  weight: z.int().nullable(),
  reason: z.string(),
  expiresAt: instant().nullable(),
  ended: z.boolean().meta({ description: 'it ran out: plans are made as if it were not there' }),
  returnedAt: instant().nullable().meta({ description: 'when its end was dealt with on the proxies; null: not yet' }),
  returnProblem: z.string().nullable().meta({ description: 'why the proxies did not follow its end; null: nothing' }),
  createdBy: z.string(),
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
export type OverrideAnswer = z.infer<typeof overrideAnswer>;
