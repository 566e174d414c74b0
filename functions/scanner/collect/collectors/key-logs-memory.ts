import type { KeyMemory } from '@proxywatch/core/domain/scan/key-events';
import { z } from 'zod';

/** What was told of a proxy last, and which reset of its statistics. */
export interface KeyLogsMemory {
  readonly look: KeyMemory | undefined;
  /** When the interval of the latest reset began, epoch milliseconds. */
  readonly resetFromMs: number | undefined;
}

const VERSION = 1;
const pairs = <T>(value: z.ZodType<T>) => z.array(z.tuple([z.string(), value]));

const stored = z.strictObject({
  v: z.literal(VERSION),
  look: z
    .strictObject({
      at: z.number(),
      uptime: z.number(),
      now: z.number(),
      servers: pairs(z.string()).nullable(),
      checksums: pairs(z.string()).nullable(),
      messages: pairs(z.number()).nullable(),
      drift: pairs(z.tuple([z.string(), z.boolean()])).optional(),
      flaps: pairs(z.tuple([z.number(), z.number()])),
    })
    .nullable(),
  reset: z.number().nullable(),
});

export function encodeKeyLogsMemory({ look, resetFromMs }: KeyLogsMemory): string {
  const state: z.infer<typeof stored> = {
    v: VERSION,
    look: look
      ? {
          at: look.atMs,
          uptime: look.uptimeS,
          now: look.proxyNowS,
          servers: look.servers ? [...look.servers] : null,
          checksums: look.checksums ? [...look.checksums] : null,
          messages: look.messages ? [...look.messages] : null,
          ...(look.drift && {
            drift: [...look.drift].map(([module, { running, isTold }]) => [module, [running, isTold]]),
          }),
          flaps: [...look.flaps].map(([subject, { sinceMs, events }]) => [subject, [sinceMs, events]]),
        }
      : null,
    reset: resetFromMs ?? null,
  };
  return JSON.stringify(state);
}

/** `undefined` for a state that cannot be read: the next look is a first one. */
export function parseKeyLogsMemory(text: string): KeyLogsMemory | undefined {
  const state = stored.safeParse(jsonOf(text)).data;
  if (!state) return undefined;
  const { look, reset } = state;
  return {
    look: look
      ? {
          atMs: look.at,
          uptimeS: look.uptime,
          proxyNowS: look.now,
          servers: look.servers ? new Map(look.servers) : undefined,
          checksums: look.checksums ? new Map(look.checksums) : undefined,
          messages: look.messages ? new Map(look.messages) : undefined,
          ...(look.drift && {
            drift: new Map(look.drift.map(([module, [running, isTold]]) => [module, { running, isTold }])),
          }),
          flaps: new Map(look.flaps.map(([subject, [sinceMs, events]]) => [subject, { sinceMs, events }])),
        }
      : undefined,
    resetFromMs: reset ?? undefined,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
