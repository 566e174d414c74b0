/**
 * When a series last changed, in seven bits of a round number (a round is a collection), and a flag for a cold series
 * that shall move among the hot ones. Ages beyond 127 rounds look young again, so a long idle series may move one change
 * too early, which costs nothing.
 */
export const LEAVING = 0x80;

export function nextRound(round: number): number {
  return (round + 1) & ROUNDS;
}

export function ageOf(stamp: number, round: number): number {
  return (round - stamp) & ROUNDS;
}

/** The stamp of a series that was just added. */
export function firstStamp(round: number, hot: boolean): number {
  return hot ? round : (round + 64) & ROUNDS;
}

/**
 * A series that changes twice within so many rounds moves to the hot ones: its chunk must be compressed again anyway. One
 * lone change moves nothing.
 */
export const WARM_ROUNDS = 8;

/** A hot series that did not change for so many rounds goes back. */
export const COOL_ROUNDS = 32;

/** All hot chunks are looked through for such series once in so many rounds. */
export const COOLING_ROUNDS = 8;

/**
 * Work per round and family, in series moved: one or two milliseconds. A proxy where everything starts to change at once
 * must not hold up the others; what is not sorted in this round is in the next ones.
 */
export const WORK_PER_ROUND = 4_096;

/** What looking through a chunk costs, in series moved. */
export const WORK_PER_CHUNK = 64;

/** Derived bytes that were not asked for in so many rounds are forgotten. */
export const IDLE_ROUNDS = 32;

const ROUNDS = 0x7f;
