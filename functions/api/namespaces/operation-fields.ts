import { DEFAULT_STRATEGY } from '@proxywatch/core/domain/control/default-strategy';
import {
  GROUP_STATES,
  ON_ERROR,
  OPERATION_STATES,
  STEPS,
  type Strategy,
} from '@proxywatch/core/domain/control/operation';
import { z } from 'zod';
import { instant, integer, text, uuid } from '#api/fields';

const DAY_MS = 86_400_000;
const MOST_ERRORS = 1_000_000;

/** How a plan is applied; what is left out is as in `DEFAULT_STRATEGY`. */
export const strategyBody = z.strictObject({
  canary: z
    .strictObject({
      groups: integer(0, 1_000).optional().meta({ default: DEFAULT_STRATEGY.canary.groups }),
      pauseMs: integer(0, DAY_MS).optional().meta({ default: DEFAULT_STRATEGY.canary.pauseMs }),
    })
    .optional()
    .meta({ description: 'groups that go first, and how long they run it before it is saved and the others get it' }),
  parallelism: integer(1, 100)
    .optional()
    .meta({ default: DEFAULT_STRATEGY.parallelism, description: 'groups at once' }),
  onError: z
    .enum(ON_ERROR)
    .optional()
    .meta({ default: DEFAULT_STRATEGY.onError, description: 'what becomes of the other groups when one fails' }),
  health: z
    .strictObject({
      windowMs: integer(0, 300_000).optional(),
      accessDenied: integer(0, MOST_ERRORS).optional(),
      backendConnectionsFailed: integer(0, MOST_ERRORS).optional(),
      backendErrors: integer(0, MOST_ERRORS).optional(),
      timesBefore: integer(0, 1_000).optional(),
    })
    .optional()
    .meta({ description: 'what may go wrong within the window, or times the rate before, until the group goes back' }),
  maxProxies: integer(1, 10_000).optional().meta({ default: DEFAULT_STRATEGY.maxProxies }),
  reason: text(1000).optional(),
});

export function strategyOf(given: z.infer<typeof strategyBody>): Strategy {
  const { canary, parallelism, onError, health, maxProxies } = DEFAULT_STRATEGY;
  return {
    canary: { ...canary, ...given.canary },
    parallelism: given.parallelism ?? parallelism,
    onError: given.onError ?? onError,
    health: { ...health, ...given.health },
    maxProxies: given.maxProxies ?? maxProxies,
  };
}

const strategyAnswer = z.strictObject({
  canary: z.strictObject({ groups: z.int(), pauseMs: z.int() }),
  parallelism: z.int(),
  onError: z.enum(ON_ERROR),
  health: z.strictObject({
    windowMs: z.int(),
    accessDenied: z.int(),
    backendConnectionsFailed: z.int(),
    backendErrors: z.int(),
    timesBefore: z.int(),
  }),
  maxProxies: z.int(),
});

const headFields = {
  id: uuid(),
  kind: z.enum(['apply', 'rollback']),
  planId: uuid().nullable(),
  ofOperation: uuid().nullable(),
  namespace: z.string(),
  state: z.enum(OPERATION_STATES),
  reason: z.string(),
  problem: z.string().nullable(),
  createdBy: z.string(),
  revision: z.number(),
  createdAt: instant(),
  updatedAt: instant(),
  endedAt: instant().nullable(),
};

export const operationSummaryAnswer = z.strictObject(headFields);

export const operationAnswer = z.strictObject({
  ...headFields,
  strategy: strategyAnswer,
  groups: z.array(
    z.strictObject({
      id: z.string(),
      position: z.int(),
      members: z.array(z.string()),
      state: z.enum(GROUP_STATES),
      step: z.enum(STEPS),
      pauseUntil: instant().nullable(),
      attempts: z.int(),
      problem: z.string().nullable(),
      updatedAt: instant(),
    }),
  ),
  events: z.array(
    z.strictObject({
      id: z.number(),
      at: instant(),
      severity: z.enum(['info', 'warning', 'error']),
      group: z.string().nullable(),
      proxy: z.string().nullable(),
      message: z.string(),
    }),
  ),
});
