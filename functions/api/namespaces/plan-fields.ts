import { CONFIG_MODULES, CONFIG_TABLES } from '@proxywatch/core/domain/control/config-rows';
import { PLAN_STATES } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import { z } from 'zod';
import { flag, identifier, instant, text, uuid } from '#api/fields';

/** What a plan may be asked for. */
export const planBody = z.strictObject({
  modules: z.array(z.enum(CONFIG_MODULES)).min(1).max(CONFIG_MODULES.length).optional(),
  proxies: z.array(identifier()).min(1).max(500).optional(),
  reason: text(1000).optional(),
  acceptLoads: flag()
    .optional()
    .meta({ description: 'a LOAD may bring along what others have in memory, and servers back' }),
  adopt: flag().optional().meta({ description: "rows of others that stand in the way become Proxywatch's" }),
  allowMassDelete: flag()
    .optional()
    .meta({ description: 'tables may be cut down or emptied, and old answers acted on; needs the role admin' }),
});

const cell = z.string().nullable();
const counts = z.record(z.string(), z.number());

const changeAnswer = z.strictObject({
  kind: z.enum(['add', 'change', 'delete']),
  table: z.enum(CONFIG_TABLES),
  key: z.string(),
  name: z.string(),
  words: z.string(),
  fields: z.array(
    z.strictObject({
      field: z.string(),
      desired: cell.optional(),
      memory: cell.optional(),
      runtime: cell.optional(),
      disk: cell.optional(),
    }),
  ),
});

const groupAnswer = z.strictObject({
  id: z.string(),
  kind: z.enum(['managed', 'watched']),
  members: z.array(z.string()),
  writer: z.string().nullable(),
  proxies: z.array(
    z.strictObject({
      proxy: z.string(),
      changes: z.array(changeAnswer),
      adopted: z.array(z.string()),
      kept: counts,
      loads: z.array(z.strictObject({ kind: z.enum(['edit', 'server']), words: z.string() })),
    }),
  ),
});

const summaryFields = {
  id: uuid(),
  namespace: z.string(),
  state: z.enum(PLAN_STATES),
  isExpired: z.boolean(),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: instant(),
  expiresAt: instant(),
  modules: z.array(z.enum(CONFIG_MODULES)),
  needsAdmin: z.boolean(),
};

export const planSummaryAnswer = z.strictObject({
  ...summaryFields,
  counts: z.strictObject({ groups: z.int(), proxies: z.int(), changes: z.int(), refusals: z.int() }),
});

export const planAnswer = z.strictObject({
  ...summaryFields,
  namespaceRevision: z.number(),
  options: z.strictObject({ acceptLoads: z.boolean(), adopt: z.boolean(), allowMassDelete: z.boolean() }),
  groups: z.array(groupAnswer),
  warnings: z.array(z.string()),
  refusals: z.array(
    z.strictObject({
      code: z.string(),
      message: z.string(),
      group: z.string().optional(),
      proxy: z.string().optional(),
      override: z.enum(['acceptLoads', 'adopt', 'allowMassDelete']).optional(),
    }),
  ),
  notes: z.array(
    z.strictObject({
      subject: z.string(),
      field: z.string(),
      support: z.enum(['lossy', 'unsupported']),
      reason: z.string(),
    }),
  ),
});
