import { z } from 'zod';
import type { HistoryKeeper } from '../../../collection/history-keeper.ts';

/** A round through all rows begins so often within a retention, but no more often than once an hour. */
const ROUNDS_PER_RETENTION = 24;
const MIN_ROUND_S = 3_600;
/** Steps of a thousand rows or so in one run. */
const MAX_STEPS = 5;

const sweepState = z.strictObject({ cursor: z.string(), roundAtS: z.number() });

/**
 * Takes rows that nobody touched for `retentionS` out of a stored history, a few steps in each run. Answers the state to
 * begin with the next time. Rejects as the store does.
 */
export async function sweepHistory(
  keeper: HistoryKeeper,
  state: string | undefined,
  nowS: number,
  retentionS: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  let { cursor, roundAtS } = parsed(state) ?? { cursor: '0', roundAtS: 0 };
  if (cursor === '0' && nowS < roundAtS) return state;
  if (cursor === '0') roundAtS = nowS + Math.max(MIN_ROUND_S, retentionS / ROUNDS_PER_RETENTION);
  for (let step = 0; step < MAX_STEPS; step++) {
    cursor = (await keeper.sweep(cursor, nowS - retentionS, signal)) ?? cursor;
    if (cursor === '0') break;
  }
  return JSON.stringify({ cursor, roundAtS });
}

/** A state that cannot be read only makes the round begin anew. */
function parsed(state: string | undefined): z.infer<typeof sweepState> | undefined {
  if (state === undefined) return undefined;
  try {
    return sweepState.safeParse(JSON.parse(state)).data;
  } catch {
    return undefined;
  }
}
