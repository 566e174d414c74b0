import { LAG_MS, type Sighting } from './sightings.ts';
import type { SlowDigest } from './slow-digests.ts';
import { type Likeness, likenessOf } from './statement-likeness.ts';

/** What a round of digests makes of the statements that were seen running. */
export interface Explanation {
  readonly bySlow: ReadonlyMap<SlowDigest, Sighting>;
  /** Those that had ended when the digests were read, and that none of them explains. */
  readonly unexplained: readonly Sighting[];
  /** Those that a later round may explain. */
  readonly waiting: readonly Sighting[];
}

/** Times of samples and of the proxy's counters agree as well as this. */
const SLACK_MS = 500;
/** A read may show what was so long before it was answered. */
const READ_MS = 1_000;

interface Pair {
  readonly slow: SlowDigest;
  readonly sighting: Sighting;
  readonly likeness: Likeness;
  /** By how much their ends differ, milliseconds. */
  readonly offMs: number;
}

/**
 * Finds out which slow digest is which statement that was seen running: of the same user, schema and hostgroup, with a
 * duration that fits what was seen of it. Texts decide between several, and are not needed. One is never two.
 */
export function explainSightings(
  slow: readonly SlowDigest[],
  sightings: readonly Sighting[],
  textOf: (slow: SlowDigest) => string | undefined,
  toMs: number,
): Explanation {
  const byPlace = Map.groupBy(sightings, ({ user, schema, hostgroup }) => placeOf(user, schema, hostgroup));
  const pairs = slow.flatMap((one) => {
    const { user, schema, hostgroup } = one.identity;
    const candidates = byPlace.get(placeOf(user, schema, hostgroup)) ?? [];
    return candidates.flatMap((sighting) => pairOf(one, sighting, textOf, toMs) ?? []);
  });
  pairs.sort(
    (a, b) => RANKS[a.likeness] - RANKS[b.likeness] || a.offMs - b.offMs || untilOf(a, toMs) - untilOf(b, toMs),
  );
  const bySlow = new Map<SlowDigest, Sighting>();
  const explained = new Set<Sighting>();
  for (const { slow: one, sighting } of pairs) {
    if (bySlow.has(one) || explained.has(sighting)) continue;
    bySlow.set(one, sighting);
    explained.add(sighting);
  }
  const others = sightings.filter((sighting) => !explained.has(sighting));
  const hadEnded = ({ goneMs }: Sighting) => goneMs !== undefined && goneMs + READ_MS <= toMs;
  return {
    bySlow,
    unexplained: others.filter(hadEnded),
    waiting: others.filter((sighting) => !hadEnded(sighting)),
  };
}

const RANKS: Readonly<Record<Likeness, number>> = { same: 0, unknown: 1, other: 2, unlike: 3 };

/** What has ended is likelier than what may be running. */
function untilOf({ sighting: { goneMs } }: Pair, toMs: number): number {
  return goneMs ?? toMs;
}

function placeOf(user: string, schema: string, hostgroup: string): string {
  return JSON.stringify([user, schema, hostgroup]);
}

function pairOf(
  slow: SlowDigest,
  sighting: Sighting,
  textOf: (slow: SlowDigest) => string | undefined,
  toMs: number,
): Pair | undefined {
  const { clientAddress } = slow.identity;
  if (clientAddress && sighting.clientAddress && clientAddress !== sighting.clientAddress) return undefined;
  const offMs = offMsOf(slow, sighting, toMs);
  if (offMs === undefined) return undefined;
  const likeness = likenessOf(sighting.text, textOf(slow));
  return isLikely(slow, sighting, likeness) ? { slow, sighting, likeness, offMs } : undefined;
}

function isLikely({ isExact }: SlowDigest, { goneMs }: Sighting, likeness: Likeness): boolean {
  // That one took at least so long fits nearly anything.
  if (likeness === 'same' || !isExact) return likeness === 'same';
  // What may be running yet is no statement with another text that has ended.
  return likeness === 'unknown' || (likeness === 'other' && goneMs !== undefined);
}

/**
 * How far the end of an execution that took so long is from when the statement must have ended, which lies between the
 * sample that saw it last and the one that did not, or the read; `undefined` if it cannot be.
 */
function offMsOf({ durationUs, isExact }: SlowDigest, sighting: Sighting, toMs: number): number | undefined {
  if (!isExact) return 0;
  const durationMs = durationUs / 1_000;
  const { startMs, seenMs, lastSeenMs, goneMs = toMs } = sighting;
  if (durationMs < seenMs - SLACK_MS) return undefined;
  // It began up to a lag before it seemed to.
  const [earliestMs, latestMs] = [startMs - LAG_MS + durationMs, startMs + durationMs];
  const untilMs = Math.max(lastSeenMs, Math.min(goneMs, toMs));
  const offMs = Math.max(0, lastSeenMs - latestMs, earliestMs - untilMs);
  return offMs > SLACK_MS ? undefined : offMs;
}
