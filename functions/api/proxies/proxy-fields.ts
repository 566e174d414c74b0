import { PROXY_STATES } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { z } from 'zod';
import { flag, identifier, instant, integer, text } from '#api/fields';

const MAX_LABELS = 32;
/** Letters, digits and `. _ / -`: what may stand in a filter and in a path into JSON. */
export const LABEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
export const LABEL_VALUE = /^[A-Za-z0-9._/:@ -]{0,128}$/;

function host() {
  return z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,255}$/, { error: 'expected a host name or address' })
    .meta({ maxLength: 255 });
}

function credentialRef() {
  return z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,254}$/, { error: 'expected the name of a credential' })
    .meta({ maxLength: 255, description: 'the name of a credential, never the secret itself' });
}

export const labels = z
  .record(
    z.string().regex(LABEL_NAME, { error: 'expected up to 63 letters, digits and . _ / -' }),
    z.string().regex(LABEL_VALUE, { error: 'expected up to 128 letters, digits, blanks and . _ / : @ -' }),
  )
  .refine((given) => Object.keys(given).length <= MAX_LABELS, { error: `expected up to ${MAX_LABELS} labels` });

/** What can be changed at any time, none of it with a default. */
export const proxyFields = {
  namespace: identifier(),
  adminHost: host(),
  adminPort: integer(1, 65_535),
  adminTls: flag(),
  trafficHost: host().nullable(),
  trafficPort: integer(1, 65_535).nullable(),
  statsCredentialRef: credentialRef(),
  adminCredentialRef: credentialRef().nullable(),
  managed: flag().meta({ description: 'true: Proxywatch may change it; false: it is only watched' }),
  region: text(64),
  zone: text(64),
  labels,
};

/** What a new proxy is without being told. */
export const PROXY_DEFAULTS = {
  adminTls: false,
  trafficHost: null,
  trafficPort: null,
  adminCredentialRef: null,
  managed: false,
  region: '',
  zone: '',
  labels: {},
} as const;

export const proxyState = z.enum(PROXY_STATES);

export const probeAnswer = z.strictObject({
  version: z.string(),
  uptimeSeconds: z.number(),
  capabilities: z.record(z.string(), z.boolean()),
  missing: z.record(z.string(), z.string()).meta({ description: 'why a capability is not there, in its own words' }),
  mayBeChanged: z.boolean().nullable().meta({ description: 'the admin credential works; null: there is none' }),
  clusterPeers: z.int().nullable(),
});

const checksum = z.strictObject({ module: z.string(), version: z.int(), checksum: z.string(), changedAt: instant() });

export const runtimeAnswer = z.strictObject({
  reachable: z.boolean().nullable().meta({ description: 'null: the scanner has not been there lately' }),
  problem: z.string().nullable().meta({ description: 'code of what kept the scanner from reading it' }),
  lastSeenAt: instant().nullable(),
  version: z.string().nullable(),
  uptimeSeconds: z.number().nullable(),
  clientConnections: z.number().nullable(),
  activeTransactions: z.number().nullable(),
  backendConnections: z.strictObject({ used: z.number(), free: z.number() }).nullable(),
  checksums: z.array(checksum).nullable().meta({ description: 'of the configuration that runs; null: not told' }),
  gateway: z
    .strictObject({ id: z.string(), leaseRemainingMs: z.number(), exposedSeries: z.number().nullable() })
    .nullable()
    .meta({ description: 'the gateway that collects from it' }),
  digests: z
    .strictObject({ rows: z.number(), series: z.number(), errors: z.number(), readAt: instant() })
    .nullable()
    .meta({ description: 'what gateways remember of it' }),
});
export type RuntimeAnswer = z.infer<typeof runtimeAnswer>;

const shown = {
  id: z.string(),
  kind: z.string(),
  namespace: z.string(),
  adminHost: z.string(),
  adminPort: z.int(),
  adminTls: z.boolean(),
  trafficHost: z.string().nullable(),
  trafficPort: z.int().nullable(),
  statsCredentialRef: z.string(),
  adminCredentialRef: z.string().nullable(),
  managed: z.boolean(),
  region: z.string(),
  zone: z.string(),
  labels: z.record(z.string(), z.string()),
  state: proxyState,
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
};

export const proxyAnswer = z.strictObject(shown);
export type ProxyAnswer = z.infer<typeof proxyAnswer>;

/** With what runs there, where it was asked for. */
export const liveProxyAnswer = z.strictObject({ ...shown, runtime: runtimeAnswer.nullable().optional() });
/** With what was found when it was tried. */
export const probedProxyAnswer = z.strictObject({ ...shown, probe: probeAnswer.nullable() });
