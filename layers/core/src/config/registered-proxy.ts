import { z } from 'zod';
import { readOverrides } from '../domain/monitoring-settings/read-overrides.ts';
import type { RegisteredProxy } from '../domain/proxy.ts';

// Ids end up in URLs, in label values and inside Redis hash tags, where braces would cut them.
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

const identifier = z.string().regex(IDENTIFIER, {
  error: 'expected up to 128 letters, digits and . _ : @ -, the first a letter or digit',
});
const host = z.string().regex(/^[^\s/@]{1,255}$/, { error: 'expected a host name or address' });
const port = z.number().refine((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, {
  error: 'expected a port from 1 to 65535',
});
const reference = z.string().regex(/^\S.{0,254}$/, { error: 'expected the name of a credential' });

/** One entry of the registry. Unknown fields are dropped: the publisher may be newer than the reader. */
export const registeredProxy = z.object({
  id: identifier,
  kind: identifier,
  namespace: identifier,
  adminHost: host,
  adminPort: port,
  adminTls: z.boolean().default(false),
  trafficHost: host.optional(),
  trafficPort: port.optional(),
  statsCredentialRef: reference,
  adminCredentialRef: reference.optional(),
  // Never a reason to leave a proxy out: what cannot be understood is as if nobody had said it.
  monitoring: z.unknown().transform(readOverrides).optional(),
  appliedChecksums: z.unknown().transform(readChecksums).optional(),
}) satisfies z.ZodType<RegisteredProxy>;

const MAX_MODULES = 64;

function readChecksums(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value).slice(0, MAX_MODULES);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
