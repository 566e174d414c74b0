import { z } from 'zod';
import type { DatabaseChanges, DatabaseCluster, DatabaseInstance } from '../../ports/database-config.ts';

/**
 * What the service may answer, see docs/dbconfig.openapi.json. Fields that we do not know are dropped: the service may be
 * newer. Everything is bounded, and safe to appear in URLs, keys and comments of proxies.
 */
const MAX_CLUSTERS = 10_000;
const MAX_INSTANCES = 1_000;
const MAX_CHANGES = 1_000;
const MAX_UINT32 = 4_294_967_295;

// As ids of our own resources.
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
const HOST = /^[A-Za-z0-9_.:-]{1,255}$/;
const CURSOR = /^[!-~]{1,256}$/;
const CONTROL_CHARACTERS = /^[^\p{Cc}\p{Cs}]*$/u;

const identifier = z.string().regex(IDENTIFIER);
const text = (max: number) => z.string().max(max).regex(CONTROL_CHARACTERS);
const integer = (min: number, max: number) => z.int().min(min).max(max);
const time = z.iso
  .datetime({ offset: true })
  .max(40)
  .transform((given) => new Date(given).toISOString());

const cluster = z.object({
  id: identifier,
  name: text(255),
  engine: text(64),
  description: text(1_000).default(''),
  region: text(64).default(''),
  updatedAt: time,
}) satisfies z.ZodType<DatabaseCluster>;

const instance = z.object({
  id: identifier,
  host: z.string().regex(HOST),
  port: integer(1, 65_535),
  role: z.enum(['writer', 'reader']),
  weight: integer(0, 10_000_000),
  zone: text(64).default(''),
  maxConnections: integer(0, MAX_UINT32),
  maxReplicationLag: integer(0, 126_144_000),
  useSsl: z.boolean(),
  status: z.enum(['online', 'draining', 'offline']),
}) satisfies z.ZodType<DatabaseInstance>;

const change = z.object({
  at: time,
  cluster: identifier,
  kind: z.enum([
    'cluster-added',
    'cluster-changed',
    'cluster-removed',
    'instance-added',
    'instance-changed',
    'instance-removed',
  ]),
  instance: identifier.optional(),
  message: text(1_000),
});

export const clusterAnswer: z.ZodType<DatabaseCluster> = cluster;

export const clustersAnswer: z.ZodType<readonly DatabaseCluster[]> = z
  .object({ items: z.array(cluster).max(MAX_CLUSTERS) })
  .transform(({ items }) => items)
  .refine((items) => areDistinct(items.map(({ id }) => id)), 'two clusters have the same id');

export const instancesAnswer: z.ZodType<readonly DatabaseInstance[]> = z
  .object({ items: z.array(instance).max(MAX_INSTANCES) })
  .transform(({ items }) => items)
  .refine((items) => areDistinct(items.map(({ id }) => id)), 'two instances have the same id')
  // One server may be a writer and, as another instance, a reader.
  .refine(
    (items) => areDistinct(items.map(({ role, host, port }) => JSON.stringify([role, host, port]))),
    'two instances of one role have the same address',
  );

export const changesAnswer: z.ZodType<DatabaseChanges> = z.object({
  items: z.array(change).max(MAX_CHANGES),
  cursor: z.string().regex(CURSOR),
});

export function isClusterId(id: string): boolean {
  return IDENTIFIER.test(id);
}

export function isCursor(cursor: string): boolean {
  return CURSOR.test(cursor);
}

function areDistinct(keys: readonly string[]): boolean {
  return new Set(keys).size === keys.length;
}
