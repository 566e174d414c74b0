import { addressRangeProblem } from '@proxywatch/core/domain/control/address-range';
import { PASSWORD_PLUGINS } from '@proxywatch/core/domain/control/desired-state';
import { parsePasswordForm, passwordProblemOf } from '@proxywatch/core/drivers/proxysql/control/password-hash';
import { z } from 'zod';
import { flag, identifier, instant, integer, text, timestamp, uuid } from '#api/fields';

/** As MySQL and ProxySQL take it, bytes of UTF-8. */
const LONGEST_USERNAME_BYTES = 32;
const LARGEST_INT = 2_147_483_647;
const MAX_RANGES = 100;

/** Of a path, a filter or an import too. Blanks at the ends would be lost on the way through MySQL. */
export function username() {
  return text(LONGEST_USERNAME_BYTES, { min: 1 })
    .refine((name) => Buffer.byteLength(name) <= LONGEST_USERNAME_BYTES, {
      error: `expected at most ${LONGEST_USERNAME_BYTES} bytes of UTF-8`,
    })
    .refine((name) => name.trim() === name, { error: 'expected no blank at either end' });
}

export const plugin = z.enum(PASSWORD_PLUGINS);

/** Clear text. What looks like a hash would be taken for one by the proxies. No message repeats it. */
export function clearTextPassword() {
  return z
    .string()
    .superRefine((given, ctx) => {
      const looksHashed = parsePasswordForm(given).kind !== 'clear';
      const problem =
        passwordProblemOf(given) ?? (looksHashed ? 'looks like a hash; that goes into passwordHash' : undefined);
      if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
    })
    .meta({ format: 'password', writeOnly: true, minLength: 1, maxLength: 256 });
}

/** A hash as MySQL keeps it, with what it was made by. */
export function hashedPassword() {
  return z
    .string()
    .max(255)
    .refine((given) => parsePasswordForm(given).kind === 'hash', {
      error: 'expected * and 40 hex digits, or $A$005$ with salt and digest',
    })
    .meta({ writeOnly: true });
}

const allowedIps = z
  .array(
    text(64, { min: 1 }).superRefine((range, ctx) => {
      const problem = addressRangeProblem(range);
      if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
    }),
  )
  .max(MAX_RANGES)
  .refine((ranges) => new Set(ranges).size === ranges.length, { error: 'expected none of them twice' });

/** What can be changed at any time, none of it with a default. */
export const accountFields = {
  defaultHostgroup: integer(0, LARGEST_INT),
  defaultSchema: text(64, { min: 1 }).nullable(),
  schemaLocked: flag(),
  transactionPersistent: flag(),
  fastForward: flag(),
  maxConnections: integer(0, LARGEST_INT),
  useSsl: flag(),
  access: z.enum(['rw', 'ro']),
  allowedIps,
  active: flag(),
  owner: text(255),
  comment: text(1000),
  expiresAt: timestamp().nullable(),
};

/** What a new account is without being told. */
export const ACCOUNT_DEFAULTS = {
  defaultSchema: null,
  schemaLocked: false,
  transactionPersistent: true,
  fastForward: false,
  maxConnections: 10_000,
  useSsl: false,
  access: 'rw',
  allowedIps: [],
  active: true,
  owner: '',
  comment: '',
  expiresAt: null,
} as const;

export const connectionsPerProxy = z.strictObject({
  proxy: z.string(),
  connections: z.int(),
  maxConnections: z.int(),
  observedAt: instant(),
});

/** An account as it is shown: its password in no form. */
export const accountAnswer = z.strictObject({
  id: uuid(),
  namespace: identifier(),
  username: z.string(),
  plugin,
  defaultHostgroup: z.int(),
  defaultSchema: z.string().nullable(),
  schemaLocked: z.boolean(),
  transactionPersistent: z.boolean(),
  fastForward: z.boolean(),
  maxConnections: z.int(),
  useSsl: z.boolean(),
  access: z.enum(['rw', 'ro']),
  allowedIps: z.array(z.string()),
  active: z.boolean().meta({ description: 'what was decided; an expired account is inactive all the same' }),
  expired: z.boolean(),
  owner: z.string(),
  comment: z.string(),
  expiresAt: instant().nullable(),
  passwordChangedAt: instant(),
  clearTextSeen: z
    .boolean()
    .meta({ description: 'false: only a hash was ever given, so that its password compares with no other' }),
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
export type AccountAnswer = z.infer<typeof accountAnswer>;
