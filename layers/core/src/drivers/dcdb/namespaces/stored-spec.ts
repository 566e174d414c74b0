import { z } from 'zod';
import type { NamespaceSpec } from '../../../domain/control/desired-state.ts';
import { ProxywatchError } from '../../../domain/errors.ts';

/** What the column namespaces.spec holds: the name and the two switches stand in columns of their own. */
export type StoredSpec = Omit<NamespaceSpec, 'name' | 'online' | 'readOnly'>;

const hostgroup = z.int().min(0);
const limit = z.int().min(0).nullable().default(null);

const slice = z.object({
  name: z.string(),
  writerHostgroup: hostgroup,
  readerHostgroup: hostgroup,
  cluster: z.string(),
});

const deniedSql = z.object({
  digest: z.string().optional(),
  pattern: z.string().optional(),
  mode: z.enum(['observe', 'deny']),
  comment: z.string().default(''),
});

// Each field has a default: a namespace that nobody specified restricts nothing, and an older row lacks newer fields.
const storedSpec = z.object({
  allowedSchemas: z.array(z.string()).default([]),
  allowedIps: z.array(z.string()).default([]),
  slices: z.array(slice).default([]),
  defaultSlice: z.string().nullable().default(null),
  readWriteSplit: z.boolean().default(false),
  deniedSql: z.array(deniedSql).default([]),
  slowSqlMs: limit,
  maxExecutionMs: limit,
  maxResultRows: limit,
  maxClientConnections: limit,
  qpsLimit: limit,
}) satisfies z.ZodType<StoredSpec>;

/** A namespace that nobody specified: no rules, no slices, no limits. */
export const DEFAULT_SPEC: StoredSpec = storedSpec.parse({});

/** The value of the column, text (MariaDB) or parsed (MySQL); null stands for the defaults. */
export function parseStoredSpec(column: unknown): StoredSpec {
  if (column === null || column === undefined) return DEFAULT_SPEC;
  const parsed = storedSpec.safeParse(jsonOf(column));
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join('/') ?? '';
  throw new ProxywatchError('RECORD_DAMAGED', `dcdb holds an unexpected value in namespaces.spec at /${place}`);
}

export function encodeStoredSpec(spec: StoredSpec): string {
  return JSON.stringify(storedSpec.parse(spec));
}

function jsonOf(column: unknown): unknown {
  if (typeof column !== 'string') return column;
  try {
    return JSON.parse(column);
  } catch {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds no JSON in namespaces.spec');
  }
}
