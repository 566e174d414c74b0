import type { ClockReading } from '@proxywatch/core/domain/scan/restart';
import type { SightingsState } from '@proxywatch/core/domain/scan/sightings';
import { type DigestMemory, NO_DIGESTS } from '@proxywatch/core/domain/scan/slow-digests';
import { z } from 'zod';

/** What the collector of slow SQL goes on from. */
export interface SlowSqlMemory extends SightingsState {
  /** `undefined` until the proxy's ring of query events held something. */
  readonly ring: RingMemory | undefined;
  readonly digests: DigestMemory;
  /** Texts of digests that were slow lately, by digest. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface RingMemory {
  /** Id of the last event that was read. */
  readonly cursor: number;
  /** What the proxy said that it dropped. */
  readonly dropped: number | undefined;
  readonly clock: ClockReading;
}

export const NO_SLOW_SQL: SlowSqlMemory = { ring: undefined, digests: NO_DIGESTS, texts: new Map(), sightings: [] };

const clock = z.strictObject({ atMs: z.number(), uptimeS: z.number(), proxyNowS: z.number() });

const sighting = z.strictObject({
  id: z.string(),
  sessionId: z.string(),
  user: z.string(),
  schema: z.string(),
  hostgroup: z.string(),
  server: z.string().optional(),
  clientAddress: z.string().optional(),
  text: z.string(),
  isCut: z.boolean(),
  startMs: z.number(),
  seenMs: z.number(),
  lastSeenMs: z.number(),
  goneMs: z.number().optional(),
  toldStartMs: z.number().optional(),
});

const stored = z.strictObject({
  v: z.literal(1),
  ring: z.strictObject({ cursor: z.number(), dropped: z.number().optional(), clock }).optional(),
  digests: z.strictObject({
    floorUs: z.number().optional(),
    uptimeS: z.number(),
    toMs: z.number(),
    // Name, birth, longest time, executions, time.
    rows: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.number()])),
  }),
  texts: z.array(z.tuple([z.string(), z.string()])),
  clock: clock.optional(),
  sightings: z.array(sighting).readonly(),
});

export function encodeSlowSqlMemory({ ring, digests, texts, clock, sightings }: SlowSqlMemory): string {
  const { rows, ...others } = digests;
  const state: z.infer<typeof stored> = {
    v: 1,
    ring: ring && { ...ring },
    digests: {
      ...others,
      rows: [...rows].map(([name, row]) => [name, row.bornS, row.maxUs, row.executions, row.timeUs]),
    },
    texts: [...texts],
    clock: clock && { ...clock },
    sightings,
  };
  return JSON.stringify(state);
}

/** `undefined` for a state that cannot be read. */
export function parseSlowSqlMemory(text: string): SlowSqlMemory | undefined {
  try {
    const { ring, digests, texts, clock, sightings } = stored.parse(JSON.parse(text));
    const rows = digests.rows.map(([name, bornS, maxUs, executions, timeUs]) => {
      return [name, { bornS, maxUs, executions, timeUs }] as const;
    });
    return {
      ring: ring && { ...ring, dropped: ring.dropped },
      digests: { ...digests, floorUs: digests.floorUs, rows: new Map(rows) },
      texts: new Map(texts),
      clock,
      sightings,
    };
  } catch {
    return undefined;
  }
}
