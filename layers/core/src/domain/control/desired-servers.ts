import type { ClusterInstances } from './cluster-instances.ts';
import type { ServerSpec, Slice } from './desired-state.ts';
import { placeInstances } from './place-instances.ts';
import { placePinnedServers } from './place-pinned-servers.ts';
import { concerns, overridesInForce, type ServerOverride } from './server-overrides.ts';
import { createServerTable, nameOf, type ServerTable } from './server-table.ts';

export interface DesiredServers {
  /** By hostgroup, host and port; no place twice. */
  readonly servers: readonly ServerSpec[];
  /** What people should know before they act on it, one line each. */
  readonly warnings: readonly string[];
  /**
   * Some of it was remembered, or a cluster is unknown, empty or without a writer: too little to delete servers for
   * without being asked.
   */
  readonly isUncertain: boolean;
}

/**
 * The servers that the proxies of a namespace should have. Writers stand in the slice's writer hostgroup, readers in its
 * reader hostgroup, and writers there too when no reader could serve. A cluster that is missing from `instancesByCluster`
 * counts as one that nothing is known of.
 *
 * @param nowMs epoch milliseconds; overrides that ended before are as if they were not
 */
export function desiredServers(
  slices: readonly Slice[],
  instancesByCluster: ReadonlyMap<string, ClusterInstances>,
  overrides: readonly ServerOverride[],
  nowMs: number,
): DesiredServers {
  const inForce = overridesInForce(overrides, nowMs);
  const table = createServerTable(inForce);
  const sorted = slices.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  let isUncertain = false;
  for (const slice of sorted) {
    const doubts = doubtsAbout(slice, instancesByCluster.get(slice.cluster));
    isUncertain ||= doubts.length > 0;
    for (const doubt of doubts) table.warn(doubt);
    placeInstances(table, slice, instancesByCluster.get(slice.cluster)?.value ?? []);
  }
  placePinnedServers(table, inForce);
  for (const slice of sorted) letWritersRead(table, slice);
  for (const override of inForce) warnWithoutEffect(table, override);
  return { servers: table.servers(), warnings: table.warnings(), isUncertain };
}

function doubtsAbout({ name, cluster }: Slice, known: ClusterInstances | undefined): readonly string[] {
  const of = `of slice ${name}`;
  if (known === undefined) return [`nothing is known of cluster ${cluster} ${of}`];
  const { value, staleSeconds } = known;
  const age = staleSeconds > 0 ? [`cluster ${cluster} ${of} is as it was ${staleSeconds} s ago`] : [];
  if (value === undefined) return [...age, `there is no cluster ${cluster} ${of}`];
  if (value.length === 0) return [...age, `cluster ${cluster} ${of} has no instances`];
  if (!value.some(({ role }) => role === 'writer')) return [...age, `cluster ${cluster} ${of} has no writer`];
  return age;
}

/** Reads would wait for a server until they fail, where the writer could answer them. */
function letWritersRead(table: ServerTable, { name, writerHostgroup, readerHostgroup }: Slice): void {
  if (writerHostgroup === readerHostgroup || table.in(readerHostgroup).some(serves)) return;
  // As they were before overrides: one that holds in the writer hostgroup alone says nothing of this one.
  const writers = table.offered().filter((server) => server.hostgroup === writerHostgroup && serves(server));
  for (const writer of writers) table.put({ ...writer, hostgroup: readerHostgroup });
  if (table.in(readerHostgroup).some(serves)) table.warn(`slice ${name} has no reader: its writers are readers too`);
  else table.warn(`slice ${name} has no server for reads`);
}

function serves({ status, weight }: ServerSpec): boolean {
  return status === 'online' && weight > 0;
}

function warnWithoutEffect(table: ServerTable, override: ServerOverride): void {
  if (override.kind === 'pin' || table.offered().some((place) => concerns(override, place))) return;
  table.warn(`an override (${override.kind}) concerns ${nameOf(override)}, which no slice has`);
}
