import type { Member } from '@proxywatch/core/domain/ownership/membership';
import type { FleetRecords, ProxyOwner } from '@proxywatch/core/ports/fleet-observer';
import { shownDuration, textTable } from '../../text-table.ts';

export interface FleetStatus {
  readonly records: FleetRecords;
  /** Proxies of the registry; undefined when there is none in Redis. */
  readonly proxyIds: readonly string[] | undefined;
  readonly owners: ReadonlyMap<string, ProxyOwner>;
}

const NOTHING = '-';

/** The fleet as text for people. */
export function renderStatus(status: FleetStatus): string {
  const { records, proxyIds } = status;
  const parts = [
    membersTable(records),
    waitingTable(records),
    proxiesTable(status),
    records.drainedSlots.size === 0 ? '' : `drained: ${[...records.drainedSlots].toSorted().join(', ')}`,
    proxyIds === undefined ? 'there is no registry in Redis' : '',
    summary(status),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Proxies that should be collected from, and those that the fleet still has to do with. */
export function knownProxies({ records, proxyIds = [] }: Pick<FleetStatus, 'records' | 'proxyIds'>): readonly string[] {
  return [...new Set([...proxyIds, ...records.assignment.keys(), ...records.pins.keys()])].toSorted();
}

function membersTable({ members, plannerId, drainedSlots, assignment }: FleetRecords): string {
  if (members.length === 0) return 'no gateway is there';
  const assigned = Map.groupBy(assignment.values(), (slot) => slot);
  const rows = members.map((member) => {
    const { id, slot, advertise, heartbeatAgeMs, holds } = member;
    const weight = Object.values(holds).reduce((sum, series) => sum + series, 0);
    return [
      id,
      slot ?? 'standby',
      advertise,
      `${shownDuration(heartbeatAgeMs)} ago`,
      `${slot === undefined ? 0 : (assigned.get(slot)?.length ?? 0)}`,
      `${Object.keys(holds).length}`,
      `${weight}`,
      notesOn(member, plannerId, drainedSlots).join(', '),
    ];
  });
  const headings = ['MEMBER', 'SLOT', 'ADDRESS', 'HEARD', 'ASSIGNED', 'HOLDS', 'SERIES', ''];
  return textTable(headings, rows, ['HEARD', 'ASSIGNED', 'HOLDS', 'SERIES']);
}

function notesOn(
  { id, slot, isScraped, isDraining }: Member,
  plannerId: string | undefined,
  drained: ReadonlySet<string>,
): string[] {
  return [
    ...(id === plannerId ? ['plans'] : []),
    ...(isDraining ? ['leaving'] : []),
    ...(slot !== undefined && drained.has(slot) ? ['drained'] : []),
    ...(isScraped ? [] : ['nobody scrapes it']),
  ];
}

function waitingTable({ waitingSlots, assignment }: FleetRecords): string {
  if (waitingSlots.length === 0) return '';
  const assigned = Map.groupBy(assignment.values(), (slot) => slot);
  const rows = waitingSlots.map(({ name, kind, waitedMs, lastMemberId }) => {
    const meaning = kind === 'left' ? 'was left, keeps its proxies' : 'fell silent, its proxies are given away';
    return [name, meaning, shownDuration(waitedMs), lastMemberId, `${assigned.get(name)?.length ?? 0}`];
  });
  return textTable(['WAITING SLOT', 'WHY', 'SINCE', 'LAST MEMBER', 'ASSIGNED'], rows, ['SINCE', 'ASSIGNED']);
}

function proxiesTable(status: FleetStatus): string {
  const { records, owners, proxyIds } = status;
  const proxies = knownProxies(status);
  if (proxies.length === 0) return '';
  const series = new Map(records.members.flatMap(({ holds }) => Object.entries(holds)));
  const registered = new Set(proxyIds);
  const slotOf = new Map(records.members.map(({ id, slot }) => [id, slot]));
  const rows = proxies.map((proxy) => {
    const slot = records.assignment.get(proxy);
    const owner = owners.get(proxy);
    const pin = records.pins.get(proxy);
    const notes = [
      ...(pin === undefined ? [] : [`pinned to ${pin}`]),
      ...(proxyIds === undefined || registered.has(proxy) ? [] : ['not in the registry']),
      ...(owner !== undefined && slot !== undefined && slotOf.get(owner.memberId) !== slot ? ['moves'] : []),
    ];
    return [
      proxy,
      slot ?? NOTHING,
      owner?.memberId ?? 'NOBODY',
      owner === undefined ? NOTHING : shownDuration(owner.remainingMs),
      `${series.get(proxy) ?? NOTHING}`,
      notes.join(', '),
    ];
  });
  return textTable(['PROXY', 'ASSIGNED TO', 'OWNER', 'LEASE LEFT', 'SERIES', ''], rows, ['LEASE LEFT', 'SERIES']);
}

function summary({ records, proxyIds, owners }: FleetStatus): string {
  const { members, plannerId, assignment, assignmentAgeMs } = records;
  const wanted = proxyIds ?? [...assignment.keys()];
  const owned = wanted.filter((id) => owners.has(id));
  const shared =
    assignmentAgeMs === undefined
      ? 'nothing was assigned yet'
      : `${assignment.size} proxies assigned ${shownDuration(assignmentAgeMs)} ago`;
  const planner = plannerId === undefined ? 'nobody plans' : `${plannerId} plans`;
  return `${members.length} members, ${planner}; ${shared}; ${owned.length} of ${wanted.length} proxies have an owner`;
}
