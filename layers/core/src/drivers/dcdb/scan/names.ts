import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { ScanBatch, SqlStatsRecord } from '../../../domain/scan/scan-record.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { datetimeOf, Fit } from './fit.ts';
import { upsertValues } from './upsert-rows.ts';
import type { Value } from './upsert-table.ts';

/** Names that this process remembers to be in the DCDB; beyond it forgets them all, and looks again. */
const MAX_KNOWN = 50_000;
const LOOK_UP = 500;
const DAY_MS = 86_400_000;

const SEEN = `first_seen_at = least(first_seen_at, values(first_seen_at)),
  last_seen_at = greatest(last_seen_at, values(last_seen_at))`;
const SERIES = {
  insert: `insert into sql_series
    (id, namespace, digest, hostgroup, schema_name, user_name, first_seen_at, last_seen_at) values`,
  onDuplicate: `on duplicate key update ${SEEN}`,
};
const DIGESTS = {
  insert: 'insert into sql_digests (digest, text, first_seen_at, last_seen_at) values',
  onDuplicate: `on duplicate key update text = coalesce(text, values(text)), ${SEEN}`,
};
const PROXIES = {
  insert: 'insert into scan_proxies (namespace, proxy, first_seen_at, last_seen_at) values',
  onDuplicate: `on duplicate key update ${SEEN}`,
};

interface Known {
  /** Day of `last_seen_at`, as far as this process knows. */
  day: number;
}
export interface KnownSeries extends Known {
  readonly id: bigint;
  readonly values: readonly Value[];
}
interface KnownDigest extends Known {
  hasText: boolean;
  text: string | null;
}
interface KnownProxy extends Known {
  readonly values: readonly Value[];
}

/**
 * Keeps sql_series, sql_digests and scan_proxies. Many proxies run the same statements at the same time, so these rows are looked up
 * first, without a lock, and written only when they are new, or for the first time on a day.
 */
export class Names {
  readonly #series = new Map<string, KnownSeries>();
  readonly #digests = new Map<string, KnownDigest>();
  readonly #proxies = new Map<string, KnownProxy>();

  /** What the record is about; `write` sees to it that it stands in sql_series. */
  seriesOf({ namespace, digest }: SqlStatsRecord, fit: Fit): KnownSeries {
    const { hostgroup = '', schema = '', user = '' } = digest ?? {};
    const key = JSON.stringify([namespace, digest?.digest, hostgroup, schema, user]);
    const known = this.#series.get(key);
    if (known) return known;
    const id = createHash('sha256').update(key).digest().readBigUInt64BE();
    const names = [fit.name(hostgroup), fit.name(schema), fit.name(user)];
    const values = [id, fit.name(namespace), fit.digest(digest?.digest ?? ''), ...names];
    return remember(this.#series, key, { id, values, day: NEVER });
  }

  /** Each statement stands for itself: names that nothing refers to do no harm. */
  async write(
    db: Dcdb,
    stats: readonly { readonly record: SqlStatsRecord; readonly series: KnownSeries }[],
    signal?: AbortSignal,
  ): Promise<void> {
    // What is cut here was counted with the rows.
    const fit = new Fit();
    const series = new Map<bigint, Sighting<KnownSeries>>();
    const digests = new Map<string, Sighting<KnownDigest>>();
    for (const { record, series: known } of stats) {
      const atMs = fit.timeMs(record.toMs);
      if (known.day < dayOf(atMs)) note(series, known.id, known, atMs);
      if (record.digest === undefined) continue;
      const name = fit.digest(record.digest.digest);
      const digest =
        this.#digests.get(name) ?? remember(this.#digests, name, { day: NEVER, hasText: false, text: null });
      if (!digest.hasText) digest.text ??= record.digest.text === undefined ? null : fit.text(record.digest.text);
      if (digest.day < dayOf(atMs) || (!digest.hasText && digest.text !== null)) note(digests, name, digest, atMs);
    }
    await writeSeries(db, series, signal);
    await writeDigests(db, digests, signal);
  }

  /** Notes which proxies have rows under which namespace, once a day each. */
  async writeProxies(db: Dcdb, batches: readonly ScanBatch[], signal?: AbortSignal): Promise<void> {
    const fit = new Fit();
    const sightings = new Map<string, Sighting<KnownProxy>>();
    for (const { proxy, namespace, observedAtMs } of batches) {
      const key = JSON.stringify([namespace, proxy]);
      const atMs = fit.timeMs(observedAtMs);
      const known =
        this.#proxies.get(key) ??
        remember(this.#proxies, key, { day: NEVER, values: [fit.name(namespace), fit.name(proxy)] });
      if (known.day < dayOf(atMs)) note(sightings, key, known, atMs);
    }
    const missing = [...sightings].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sighting]) => sighting);
    const values = missing.map(({ known, firstMs, lastMs }) => [
      ...known.values,
      datetimeOf(firstMs),
      datetimeOf(lastMs),
    ]);
    await upsertValues(db, PROXIES, values, signal);
    for (const { known, lastMs } of missing) known.day = Math.max(known.day, dayOf(lastMs));
  }
}

const NEVER = -1;

interface Sighting<T> {
  readonly known: T;
  firstMs: number;
  lastMs: number;
}

async function writeSeries(
  db: Dcdb,
  sightings: ReadonlyMap<bigint, Sighting<KnownSeries>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const ids of slicesOf([...sightings.keys()])) {
    const { rows } = await sql<{ id: string | number; last_seen_at: Date }>`
      select id, last_seen_at from sql_series where id in (${sql.join(ids)})`.execute(db);
    for (const row of rows) markSeen(sightings.get(BigInt(row.id)), row.last_seen_at);
  }
  const missing = [...sightings.values()].filter(isStale).toSorted((a, b) => (a.known.id < b.known.id ? -1 : 1));
  const values = missing.map(({ known, firstMs, lastMs }) => [
    ...known.values,
    datetimeOf(firstMs),
    datetimeOf(lastMs),
  ]);
  await upsertValues(db, SERIES, values, signal);
  for (const { known, lastMs } of missing) known.day = dayOf(lastMs);
}

async function writeDigests(
  db: Dcdb,
  sightings: ReadonlyMap<string, Sighting<KnownDigest>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const digests of slicesOf([...sightings.keys()])) {
    const { rows } = await sql<{ digest: string; has_text: number; last_seen_at: Date }>`
      select digest, text is not null as has_text, last_seen_at from sql_digests
      where digest in (${sql.join(digests)})`.execute(db);
    for (const row of rows) {
      const sighting = sightings.get(row.digest);
      markSeen(sighting, row.last_seen_at);
      if (sighting && Number(row.has_text) === 1) forgetText(sighting.known);
    }
  }
  const missing = [...sightings]
    .filter(([, sighting]) => isStale(sighting) || sighting.known.text !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const values = missing.map(([digest, { known, firstMs, lastMs }]) => {
    return [digest, known.text, datetimeOf(firstMs), datetimeOf(lastMs)];
  });
  await upsertValues(db, DIGESTS, values, signal);
  for (const [, { known, lastMs }] of missing) {
    known.day = Math.max(known.day, dayOf(lastMs));
    if (known.text !== null) forgetText(known);
  }
}

/** The DCDB has it. */
function forgetText(known: KnownDigest): void {
  known.hasText = true;
  known.text = null;
}

function markSeen(sighting: Sighting<Known> | undefined, lastSeenAt: Date): void {
  if (sighting) sighting.known.day = Math.max(sighting.known.day, dayOf(lastSeenAt.getTime()));
}

function isStale({ known, lastMs }: Sighting<Known>): boolean {
  return known.day < dayOf(lastMs);
}

function note<K, T>(sightings: Map<K, Sighting<T>>, key: K, known: T, atMs: number): void {
  const before = sightings.get(key);
  if (before) [before.firstMs, before.lastMs] = [Math.min(before.firstMs, atMs), Math.max(before.lastMs, atMs)];
  else sightings.set(key, { known, firstMs: atMs, lastMs: atMs });
}

function remember<K, T>(known: Map<K, T>, key: K, value: T): T {
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, value);
  return value;
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

function* slicesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += LOOK_UP) yield items.slice(i, i + LOOK_UP);
}
