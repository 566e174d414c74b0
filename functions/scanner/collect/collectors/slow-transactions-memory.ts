import type { TransactionsState } from '@proxywatch/core/domain/scan/transactions';
import { z } from 'zod';

export interface SlowTransactionsMemory extends TransactionsState {
  /** That the proxy tells nothing of transactions was said. */
  readonly isSilent: boolean;
}

export const NO_TRANSACTIONS: SlowTransactionsMemory = { open: [], isSilent: false };

const stored = z.strictObject({
  v: z.literal(1),
  isSilent: z.boolean(),
  clock: z.strictObject({ atMs: z.number(), uptimeS: z.number(), proxyNowS: z.number() }).optional(),
  open: z
    .array(
      z.strictObject({
        sessionId: z.string(),
        startMs: z.number(),
        lastSeenMs: z.number(),
        reportedUs: z.number(),
        user: z.string(),
        schema: z.string(),
        hostgroup: z.string(),
        server: z.string().optional(),
        clientAddress: z.string().optional(),
        statement: z.string().optional(),
        idleMs: z.number().optional(),
        event: z
          .strictObject({ id: z.string(), startedAtMs: z.number(), version: z.number(), toldMs: z.number() })
          .optional(),
      }),
    )
    .readonly(),
});

export function encodeSlowTransactionsMemory({ isSilent, clock, open }: SlowTransactionsMemory): string {
  return JSON.stringify({ v: 1, isSilent, clock, open } satisfies z.infer<typeof stored>);
}

/** `undefined` for a state that cannot be read. */
export function parseSlowTransactionsMemory(text: string): SlowTransactionsMemory | undefined {
  try {
    const { v: _, ...memory } = stored.parse(JSON.parse(text));
    return memory;
  } catch {
    return undefined;
  }
}
