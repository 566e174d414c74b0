import { addressRangeProblem } from '@proxywatch/core/domain/control/address-range';
import { re2ProblemOf } from '@proxywatch/core/domain/control/test-sql/re2/re2';
import { DEFAULT_SPEC } from '@proxywatch/core/drivers/dcdb/namespaces/stored-spec';
import { z } from 'zod';
import { flag, identifier, instant, integer, text } from '#api/fields';

const LARGEST_INT = 2_147_483_647;
const DAY_MS = 86_400_000;

/** A list without repetition. */
function distinct<T extends z.ZodType<string>>(item: T, max: number) {
  return z
    .array(item)
    .max(max)
    .refine((items) => new Set(items).size === items.length, { error: 'expected none of them twice' });
}

const hostgroup = integer(0, LARGEST_INT);

const slice = z.strictObject({
  name: identifier(),
  writerHostgroup: hostgroup,
  readerHostgroup: hostgroup,
  cluster: identifier().meta({ description: 'id of a cluster of the database configuration service' }),
});

const addressRange = text(64, { min: 1 }).superRefine((range, ctx) => {
  const problem = addressRangeProblem(range);
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
});

const pattern = text(1_000, { min: 1, multiline: true }).superRefine((source, ctx) => {
  const problem = re2ProblemOf(source);
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: `is no pattern of RE2: ${problem}` });
});

const digest = z
  .string()
  .regex(/^0x[0-9A-Fa-f]{1,16}$/, { error: 'expected a digest as the proxy prints it, such as 0x7C7F1A4D3B2E9A10' });

const deniedSql = z
  .strictObject({
    digest: digest.optional(),
    pattern: pattern.optional().meta({ description: 'RE2, over the normalised statement, without regard to case' }),
    mode: z.enum(['observe', 'deny']).meta({ description: 'observe: counted, not refused' }),
    comment: text(255).default(''),
  })
  .superRefine((rule, ctx) => {
    if ((rule.digest === undefined) === (rule.pattern === undefined)) {
      ctx.addIssue({ code: 'custom', message: 'expected exactly one of digest and pattern' });
    }
  });

function limit(max: number) {
  return integer(1, max).nullable();
}

/** What can be decided about a namespace, none of it with a default. */
export const namespaceFields = {
  description: text(1_000, { multiline: true }),
  online: flag().meta({ description: 'false: its accounts cannot log in' }),
  readOnly: flag().meta({ description: 'true: writes are refused' }),
  allowedSchemas: distinct(text(64, { min: 1 }), 200).meta({ description: 'empty: all' }),
  allowedIps: distinct(addressRange, 200).meta({ description: 'addresses and networks (CIDR); empty: any' }),
  slices: z.array(slice).max(100),
  defaultSlice: identifier().nullable(),
  readWriteSplit: flag().meta({ description: 'reads outside of transactions go to the reader hostgroup' }),
  deniedSql: z.array(deniedSql).max(200),
  slowSqlMs: limit(DAY_MS),
  maxExecutionMs: limit(DAY_MS),
  maxResultRows: limit(LARGEST_INT),
  maxClientConnections: limit(LARGEST_INT),
  qpsLimit: limit(LARGEST_INT),
  owner: text(255),
  tags: distinct(text(64, { min: 1 }), 50),
};

/** What a new namespace is without being told: it restricts nothing. */
export const NAMESPACE_DEFAULTS = {
  description: '',
  online: true,
  readOnly: false,
  owner: '',
  tags: [],
  ...DEFAULT_SPEC,
} as const;

const decidedAnswer = {
  description: z.string(),
  online: z.boolean(),
  readOnly: z.boolean(),
  allowedSchemas: z.array(z.string()),
  allowedIps: z.array(z.string()),
  slices: z.array(
    z.strictObject({ name: z.string(), writerHostgroup: z.int(), readerHostgroup: z.int(), cluster: z.string() }),
  ),
  defaultSlice: z.string().nullable(),
  readWriteSplit: z.boolean(),
  deniedSql: z.array(
    z.strictObject({
      digest: z.string().optional(),
      pattern: z.string().optional(),
      mode: z.enum(['observe', 'deny']),
      comment: z.string(),
    }),
  ),
  slowSqlMs: z.int().nullable(),
  maxExecutionMs: z.int().nullable(),
  maxResultRows: z.int().nullable(),
  maxClientConnections: z.int().nullable(),
  qpsLimit: z.int().nullable(),
  owner: z.string(),
  tags: z.array(z.string()),
};

export const namespaceDocument = z.strictObject(decidedAnswer);

/** A namespace as it is shown. */
export const namespaceAnswer = z.strictObject({
  name: identifier(),
  ...decidedAnswer,
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
export type NamespaceAnswer = z.infer<typeof namespaceAnswer>;
