import { z } from 'zod';
import { checkJson } from '../../config/parse-json.ts';
import { ProxywatchError } from '../../domain/errors.ts';
import type { Assignment, Member } from '../../domain/ownership/membership.ts';
import type { FleetRecords } from '../../ports/fleet-observer.ts';
import type { FleetView, Heartbeat, WaitingSlot } from '../../ports/membership-store.ts';

/** A record that could not be read; it counts as if it were not there. */
export interface DamagedRecord {
  /** Field of the members' hash, or `assignment`. */
  readonly field: string;
  readonly text: string;
  readonly problem: string;
}

export interface FleetReply {
  readonly view: FleetView;
  /** Names this fleet: another one after Redis came back empty. */
  readonly birth: string;
  readonly damaged: readonly DamagedRecord[];
}

/** An assignment with its version, as a member knows it. */
export interface KnownAssignment {
  readonly version: number;
  readonly assignment: Assignment;
}

const memberRecord = z.object({
  release: z.string().optional(),
  advertise: z.string(),
  isScraped: z.boolean(),
  isDraining: z.boolean(),
  holds: z.record(z.string(), z.number()),
});
const assignmentRecord = z.record(z.string(), z.string());

/** What Redis keeps of a heartbeat, beside its time. The release comes first: scripts tell releases apart by the beginning. */
export function encodeMember({ release, advertise, isScraped, isDraining, holds }: Heartbeat): string {
  return JSON.stringify({ release, advertise, isScraped, isDraining, holds } satisfies z.infer<typeof memberRecord>);
}

/** How records begin: those of one release, and those of any. Members of none have neither. */
export function recordBeginnings(release: string | undefined): readonly [ofRelease: string, ofAny: string] {
  const ofAny = '{"release":';
  return release === undefined ? ['', ''] : [`${ofAny}${JSON.stringify(release)},`, ofAny];
}

export function encodeAssignment(assignment: Assignment): string {
  return JSON.stringify(Object.fromEntries(assignment) satisfies z.infer<typeof assignmentRecord>);
}

/** The answer of HEARTBEAT; `known` stands in for an assignment that did not change. */
export function decodeFleet(reply: unknown, known: KnownAssignment): FleetReply {
  const [kind, version, assignments, planner, members, waiting, pins, drains, birth] = listOf(reply);
  if (kind !== 'view') throw new ProxywatchError('INTERNAL', `a heartbeat was answered with ${JSON.stringify(kind)}`);
  const damaged: DamagedRecord[] = [];
  return {
    view: {
      members: decodeMembers(textsOf(members), damaged),
      waitingSlots: decodeWaiting(textsOf(waiting)),
      assignment: decodeAssignment(textsOf(assignments), damaged) ?? known.assignment,
      assignmentVersion: Number(version),
      pins: decodePins(pins),
      drainedSlots: new Set(textsOf(drains)),
      isPlanner: planner === 'planner',
    },
    birth: String(birth),
    damaged,
  };
}

/** The answer of OBSERVE. Records that cannot be read are left out: whoever looks on can do no more about them. */
export function decodeFleetRecords(reply: unknown): FleetRecords {
  const [kind, planner, assignment, ageMs, members, waiting, pins, drains] = listOf(reply);
  if (kind !== 'records') throw new ProxywatchError('INTERNAL', `the fleet answered with ${JSON.stringify(kind)}`);
  return {
    members: decodeMembers(textsOf(members), []),
    waitingSlots: chunksOf(textsOf(waiting), 4).map(([name = '', waitedMs, kind, lastMemberId = '']) => {
      return { name, kind: kind === 'left' ? 'left' : 'silent', waitedMs: Number(waitedMs), lastMemberId };
    }),
    plannerId: planner === '' ? undefined : String(planner),
    assignment: decodeAssignment([String(assignment)], []) ?? new Map(),
    assignmentAgeMs: ageMs === '' ? undefined : Number(ageMs),
    pins: decodePins(pins),
    drainedSlots: new Set(textsOf(drains)),
  };
}

function decodePins(pins: unknown): ReadonlyMap<string, string> {
  return new Map(chunksOf(textsOf(pins), 2).map(([proxyId = '', slot = '']) => [proxyId, slot]));
}

function decodeMembers(fields: readonly string[], damaged: DamagedRecord[]): Member[] {
  const members: Member[] = [];
  for (const [id = '', slot = '', age, text = ''] of chunksOf(fields, 4)) {
    const record = checkJson(memberRecord, text);
    if ('problems' in record) damaged.push({ field: id, text, problem: record.problems.slice(0, 3).join(', ') });
    else members.push({ id, slot: slot === '' ? undefined : slot, heartbeatAgeMs: Number(age), ...record.value });
  }
  return members.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function decodeWaiting(fields: readonly string[]): FleetView['waitingSlots'] {
  const slots = chunksOf(fields, 3).map(([name = '', left, kind]): WaitingSlot => {
    return { name, graceLeftMs: Number(left), kind: kind === 'left' ? 'left' : 'silent' };
  });
  return slots.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Nothing when it was not sent; an assignment that is damaged is as good as none. */
function decodeAssignment([text]: readonly string[], damaged: DamagedRecord[]): Assignment | undefined {
  if (text === undefined) return undefined;
  if (text === '') return new Map();
  const record = checkJson(assignmentRecord, text);
  if ('value' in record) return new Map(Object.entries(record.value));
  damaged.push({ field: 'assignment', text, problem: record.problems.slice(0, 3).join(', ') });
  return new Map();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(String);
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
