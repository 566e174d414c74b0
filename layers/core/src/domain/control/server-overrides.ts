export const SERVER_OVERRIDE_KINDS = ['weight', 'drain', 'pin', 'ignore'] as const;
export type ServerOverrideKind = (typeof SERVER_OVERRIDE_KINDS)[number];

/** Where a namespace departs from what the database configuration service says of a server. */
export interface ServerOverride {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Where it holds; `null`: in every hostgroup. A pin names one. */
  readonly hostgroup: number | null;
  /**
   * `weight`: another weight. `drain`: running transactions end, no new ones begin. `pin`: kept although the service does
   * not know it. `ignore`: left out although the service knows it.
   */
  readonly kind: ServerOverrideKind;
  /** Of a weight, and of a pin. */
  readonly weight: number | null;
  /** Epoch milliseconds, when the server is as before; `null`: until the override is deleted. */
  readonly expiresAtMs: number | null;
}

export interface ServerPlace {
  readonly hostgroup: number;
  readonly host: string;
  readonly port: number;
}

/** What the overrides in force say of one server in one hostgroup. */
export interface Departure {
  readonly weight: number | undefined;
  readonly isDrained: boolean;
  readonly isPinned: boolean;
  readonly isIgnored: boolean;
}

/** The overrides that have not run out, in an order that does not depend on the given one. */
export function overridesInForce(overrides: readonly ServerOverride[], nowMs: number): readonly ServerOverride[] {
  return overrides
    .filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs)
    .toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
}

export function concerns({ hostgroup, host, port }: ServerOverride, place: ServerPlace): boolean {
  return host === place.host && port === place.port && (hostgroup === null || hostgroup === place.hostgroup);
}

/** Of two weights the one for this hostgroup goes before the one for all. */
export function departureOf(inForce: readonly ServerOverride[], place: ServerPlace): Departure {
  const mine = inForce.filter((override) => concerns(override, place));
  const weights = mine.filter(({ kind, weight }) => kind === 'weight' && weight !== null);
  const weight = weights.find(({ hostgroup }) => hostgroup !== null) ?? weights[0];
  const has = (wanted: ServerOverrideKind) => mine.some(({ kind }) => kind === wanted);
  return {
    weight: weight?.weight ?? undefined,
    isDrained: has('drain'),
    isPinned: has('pin'),
    isIgnored: has('ignore'),
  };
}
