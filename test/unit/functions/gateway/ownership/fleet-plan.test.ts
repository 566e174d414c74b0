import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Assignment, Member } from '@proxywatch/core/domain/ownership/membership';
import type { FleetView } from '@proxywatch/core/ports/membership-store';
import { FleetPlanner } from '../../../../../functions/gateway/ownership/fleet-plan.ts';
import { MemoryMembership } from '../../../../support/memory-fleet.ts';
import { createTestLog, METRICS } from '../test-worker.ts';

const PROXIES = ['p1', 'p2', 'p3', 'p4'];

let planner: FleetPlanner;
let published: number;
beforeEach(() => {
  planner = new FleetPlanner(new MemoryMembership(), METRICS, createTestLog());
  published = 0;
});

const planned = async (view: FleetView): Promise<Record<string, string>> => {
  planner.watch(view, PROXIES);
  const now = { ...view, assignmentVersion: published };
  const assignment = await planner.plan('a', now, PROXIES, new AbortController().signal);
  if (assignment !== view.assignment) published++;
  return Object.fromEntries(assignment);
};

describe('the planner of a fleet', () => {
  test('moves proxies to a member that joins', async () => {
    const view = viewOf({ members: [member('a', 'slot-1'), member('b', 'slot-2')], assignment: all('slot-1') });
    expect(Object.values(await planned(view)).toSorted()).toEqual(['slot-1', 'slot-1', 'slot-2', 'slot-2']);
  });

  test('moves nothing for balance while two releases are alive, and places what has no owner', async () => {
    const assignment = new Map([...all('slot-1')].slice(1));
    const members = [member('a', 'slot-1', 'r:1'), member('b', 'slot-2', 'r:1'), member('c', undefined, 'r:2')];
    expect(await planned(viewOf({ members, assignment }))).toMatchObject(Object.fromEntries(assignment));
    expect(await planned(viewOf({ members, assignment }))).toHaveProperty('p1', 'slot-2');
  });

  test('moves nothing for balance while a slot waits for a successor', async () => {
    const members = [member('a', 'slot-1'), member('b', 'slot-2')];
    const assignment = new Map([...all('slot-1'), ['p4', 'slot-3']]);
    const waitingSlots = [{ name: 'slot-3', graceLeftMs: 1, kind: 'left' as const }];
    expect(await planned(viewOf({ members, assignment, waitingSlots }))).toEqual(Object.fromEntries(assignment));
    const drainedSlots = new Set(['slot-3']);
    const { p4, ...rest } = await planned(viewOf({ members, assignment, waitingSlots, drainedSlots }));
    expect([p4, Object.values(rest)]).not.toEqual(['slot-3', ['slot-1', 'slot-1', 'slot-1']]);
  });

  test('leaves a silent slot to those who stand by, one for each, and shares out the others', async () => {
    const assignment = new Map([
      ['p1', 'slot-1'],
      ['p2', 'slot-2'],
      ['p3', 'slot-3'],
    ]);
    const waitingSlots = ['slot-2', 'slot-3'].map((name) => ({ name, graceLeftMs: 1, kind: 'silent' as const }));
    const view = (standbys: readonly Member[]) =>
      viewOf({ members: [member('a', 'slot-1'), ...standbys], assignment, waitingSlots });
    const slotsWith = async (standbys: readonly Member[]) => new Set(Object.values(await planned(view(standbys))));
    expect(await slotsWith([])).toEqual(new Set(['slot-1']));
    expect(await slotsWith([member('b')])).toEqual(new Set(['slot-1', 'slot-2']));
    expect(await slotsWith([member('b'), member('c')])).toEqual(new Set(['slot-1', 'slot-2', 'slot-3']));
    expect(await slotsWith([{ ...member('b'), isDraining: true }])).toEqual(new Set(['slot-1']));
  });

  test('knows what proxies weigh from before it planned, though nobody holds them now', async () => {
    const assignment = new Map([
      ['p1', 'slot-1'],
      ['p2', 'slot-2'],
      ['p3', 'slot-2'],
      ['p4', 'slot-2'],
    ]);
    const holds = { p2: 1_024, p3: 1_024, p4: 1_024 };
    const before = [
      { ...member('a', 'slot-1'), holds: { p1: 3_072 } },
      { ...member('b', 'slot-2'), holds },
    ];
    planner.watch(viewOf({ members: before, assignment }), PROXIES);
    expect(planner.weightOf('p1')).toBe(3_072);
    const members = [member('c', 'slot-1'), before[1]!];
    expect(await planned(viewOf({ members, assignment }))).toEqual(Object.fromEntries(assignment));
    const newcomer = new FleetPlanner(new MemoryMembership(), METRICS, createTestLog());
    expect(newcomer.weightOf('p1')).toBe(100);
  });

  test('forgets what proxies weighed that are registered no more', () => {
    planner.watch(viewOf({ members: [{ ...member('a', 'slot-1'), holds: { p1: 512 } }] }), PROXIES);
    planner.watch(viewOf({}), ['p2']);
    planner.watch(viewOf({}), PROXIES);
    expect(planner.weightOf('p1')).toBe(100);
  });
});

function member(id: string, slot?: string, release?: string): Member {
  return {
    id,
    slot,
    release,
    advertise: `${id}:9464`,
    heartbeatAgeMs: 0,
    isScraped: true,
    isDraining: false,
    holds: {},
  };
}

function all(slot: string): Assignment {
  return new Map(PROXIES.map((id) => [id, slot]));
}

function viewOf(view: Partial<FleetView>): FleetView {
  return {
    members: [],
    waitingSlots: [],
    assignment: new Map(),
    assignmentVersion: 0,
    pins: new Map(),
    drainedSlots: new Set(),
    isPlanner: true,
    ...view,
  };
}
