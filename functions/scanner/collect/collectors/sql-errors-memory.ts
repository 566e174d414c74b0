import type { ErrorMemory } from '@proxywatch/core/domain/scan/error-intervals';
import { z } from 'zod';

/** What was told of a proxy's errors last. */
export interface SqlErrorsMemory extends ErrorMemory {
  /** When its totals were asked for last, whether it answered or not, epoch milliseconds. */
  readonly totalsAskedAtMs: number | undefined;
}

const whole = z.number().int();
const VERSION = 1;

/** Arrays rather than objects: some thousands of them are read and written at each run. */
const stored = z.strictObject({
  v: z.literal(VERSION),
  at: z.number(),
  uptime: z.number(),
  known: z.number(),
  asked: z.number().optional(),
  /** Key, count, born, seen. */
  rows: z.array(z.tuple([z.string(), whole, z.number(), whole])),
  totals: z
    .strictObject({
      at: z.number(),
      denied: whole,
      cut: z.boolean(),
      /** Key, count, balance, due, lost. */
      balances: z.array(z.tuple([z.string(), whole, whole, whole, whole])),
    })
    .nullable(),
});

export function encodeErrorMemory(memory: SqlErrorsMemory): string {
  const { atMs, uptimeS, rows, knownSinceS, totalsAskedAtMs, totals } = memory;
  const state: z.infer<typeof stored> = {
    v: VERSION,
    at: atMs,
    uptime: uptimeS,
    known: knownSinceS,
    asked: totalsAskedAtMs,
    rows: [...rows].map(([key, { count, bornS, seenS }]) => [key, count, bornS, seenS]),
    totals: totals
      ? {
          at: totals.atMs,
          denied: totals.accessDenied,
          cut: totals.isCut,
          balances: [...totals.balances].map(([key, b]) => [key, b.count, b.balance, b.due, b.lost]),
        }
      : null,
  };
  return JSON.stringify(state);
}

/** `undefined` for a state that cannot be read: the next look is a first one. */
export function parseErrorMemory(text: string): SqlErrorsMemory | undefined {
  const state = stored.safeParse(jsonOf(text)).data;
  if (!state) return undefined;
  const { at: atMs, uptime: uptimeS, known: knownSinceS, asked, rows, totals } = state;
  return {
    atMs,
    uptimeS,
    knownSinceS,
    totalsAskedAtMs: asked,
    rows: new Map(rows.map(([key, count, bornS, seenS]) => [key, { count, bornS, seenS }])),
    totals: totals
      ? {
          atMs: totals.at,
          accessDenied: totals.denied,
          isCut: totals.cut,
          balances: new Map(
            totals.balances.map(([key, count, balance, due, lost]) => [key, { count, balance, due, lost }]),
          ),
        }
      : undefined,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
