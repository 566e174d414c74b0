import { describe, expect, test } from '@jest/globals';
import type { PlanInput, Slot } from '../../../../../../layers/core/src/domain/ownership/membership.ts';
import { plan } from '../../../../../../layers/core/src/domain/ownership/plan.ts';

describe('a plan for an existing fleet', () => {
  test('keeps owners, also when the fleet is uneven below the cap', () => {
    const result = planOf({
      previous: { p1: 'a', p2: 'a', p3: 'b' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 5, p2: 6, p3: 10 },
    });
    expect(result).toEqual({ assignment: { p1: 'a', p2: 'a', p3: 'b' }, moves: [] });
  });

  test('places a new proxy where it does not exceed the cap', () => {
    const { moves } = planOf({
      previous: { p1: 'a', p2: 'b' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 10, p2: 1, p3: 9 },
    });
    expect(moves).toEqual([{ proxyId: 'p3', from: undefined, to: 'b', reason: 'new' }]);
  });

  test('gives the proxies of a slot that is gone to the others and moves nothing else', () => {
    const { moves } = planOf({
      previous: { p1: 'a', p2: 'gone', p3: 'b' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 5, p2: 3, p3: 2 },
    });
    expect(moves).toEqual([{ proxyId: 'p2', from: 'gone', to: 'b', reason: 'orphan' }]);
  });

  test('gives a slot that comes back the same proxies by rendezvous', () => {
    const weights = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, 1]));
    const all = [slot('a'), slot('b'), slot('c')];
    const first = planOf({ slots: all, weights });
    const keptByOthers = Object.fromEntries(Object.entries(first.assignment).filter(([, name]) => name !== 'c'));
    expect(planOf({ previous: keptByOthers, slots: all, weights }).assignment).toEqual(first.assignment);
  });

  test('sheds to a slot that joins', () => {
    const { moves } = planOf({
      previous: { p1: 'a', p2: 'a', p3: 'a', p4: 'a' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 4, p2: 3, p3: 2, p4: 1 },
    });
    expect(moves).toEqual([
      { proxyId: 'p1', from: 'a', to: 'b', reason: 'overload' },
      { proxyId: 'p4', from: 'a', to: 'b', reason: 'overload' },
    ]);
  });

  test('sheds nothing while members are being replaced, and places what has no owner', () => {
    const { moves } = planOf({
      previous: { p1: 'a', p2: 'a', p3: 'a' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 4, p2: 3, p3: 2, p4: 1 },
      isInTransition: true,
    });
    expect(moves).toEqual([{ proxyId: 'p4', from: undefined, to: 'b', reason: 'new' }]);
  });

  test('forgets proxies that are no longer registered, and their pins', () => {
    expect(planOf({ previous: { gone: 'a' }, slots: [slot('a')], weights: {}, pins: { gone: 'a' } })).toEqual({
      assignment: {},
      moves: [],
    });
  });

  test('gives a proxy heavier than the cap a slot of its own', () => {
    const { assignment } = planOf({
      previous: { small1: 'a', small2: 'b', small3: 'c' },
      slots: [slot('a'), slot('b'), slot('c')],
      weights: { giant: 100, small1: 3, small2: 2, small3: 1 },
    });
    expect(Object.keys(assignment).filter((id) => assignment[id] === assignment.giant)).toEqual(['giant']);
  });
});

describe('without slots', () => {
  test.each([
    ['no slot', []],
    ['drained slots only', [slot('a', { isDrained: true })]],
  ])('with %s nothing is assigned and nothing moves', (_, slots) => {
    expect(planOf({ previous: { p1: 'a' }, slots, weights: { p1: 1 } })).toEqual({ assignment: {}, moves: [] });
  });
});

describe('a pin', () => {
  test('moves its proxy, over the cap too, and others make room', () => {
    const { assignment, moves } = planOf({
      previous: { p1: 'a', p2: 'b', p3: 'b' },
      slots: [slot('a'), slot('b')],
      weights: { p1: 100, p2: 10, p3: 10 },
      pins: { p1: 'b' },
    });
    expect(assignment).toEqual({ p1: 'b', p2: 'a', p3: 'a' });
    expect(moves.map(({ proxyId, reason }) => [proxyId, reason])).toEqual([
      ['p1', 'pin'],
      ['p2', 'overload'],
      ['p3', 'overload'],
    ]);
  });

  test.each([
    ['is not there', [slot('a'), slot('b')]],
    ['is drained', [slot('a'), slot('b'), slot('c', { isDrained: true })]],
  ])('to a slot that %s does not count', (_, slots) => {
    expect(planOf({ previous: { p1: 'a' }, slots, weights: { p1: 1 }, pins: { p1: 'c' } }).assignment).toEqual({
      p1: 'a',
    });
  });

  test('that is taken away leaves the proxy where it is', () => {
    const result = planOf({ previous: { p1: 'b', p2: 'a' }, slots: [slot('a'), slot('b')], weights: { p1: 1, p2: 1 } });
    expect(result.moves).toEqual([]);
  });
});

describe('a drained slot', () => {
  test('loses all it has and gets nothing', () => {
    const { moves } = planOf({
      previous: { p1: 'a', p2: 'a' },
      slots: [slot('a', { isDrained: true }), slot('b')],
      weights: { p1: 1, p2: 1, p3: 1 },
    });
    expect(moves).toEqual([
      { proxyId: 'p1', from: 'a', to: 'b', reason: 'drain' },
      { proxyId: 'p2', from: 'a', to: 'b', reason: 'drain' },
      { proxyId: 'p3', from: undefined, to: 'b', reason: 'new' },
    ]);
  });
});

describe('a slot that nobody scrapes', () => {
  test.each([
    ['is there but idle', { isScraped: false }],
    ['waits for a successor', { memberId: undefined, isScraped: false }],
  ])('and that %s keeps what it has and gets nothing while another is scraped', (_, state) => {
    const { assignment, moves } = planOf({
      previous: { p1: 'b', p2: 'b' },
      slots: [slot('a'), slot('b', state), slot('c', state)],
      weights: { p1: 5, p2: 5, p3: 50 },
    });
    expect(assignment).toEqual({ p1: 'b', p2: 'b', p3: 'a' });
    expect(moves).toHaveLength(1);
  });

  test('shares like any other when no slot is scraped', () => {
    const slots = [slot('a', { isScraped: false }), slot('b', { isScraped: false })];
    const { assignment } = planOf({ slots, weights: { p1: 1, p2: 1 } });
    expect(Object.values(assignment).sort()).toEqual(['a', 'b']);
  });

  test('comes before one that waits for a successor', () => {
    const slots = [slot('a', { memberId: undefined, isScraped: false }), slot('b', { isScraped: false })];
    expect(planOf({ slots, weights: { p1: 1, p2: 1 } }).assignment).toEqual({ p1: 'b', p2: 'b' });
  });

  test('gets its share as soon as it is scraped', () => {
    const previous = { p1: 'a', p2: 'a' };
    const weights = { p1: 1, p2: 1 };
    expect(planOf({ previous, slots: [slot('a'), slot('b', { isScraped: false })], weights }).moves).toEqual([]);
    expect(planOf({ previous, slots: [slot('a'), slot('b')], weights }).moves).toHaveLength(1);
  });

  test('is still obeyed as the target of a pin', () => {
    const slots = [slot('a'), slot('b', { isScraped: false })];
    expect(planOf({ previous: { p1: 'a' }, slots, weights: { p1: 1 }, pins: { p1: 'b' } }).assignment).toEqual({
      p1: 'b',
    });
  });
});

test.each([Number.NaN, 0, -5, 0.2])('a weight of %d counts as 1', (weight) => {
  const { assignment } = planOf({ slots: [slot('a'), slot('b')], weights: { p1: weight, p2: 1 } });
  expect(Object.values(assignment).sort()).toEqual(['a', 'b']);
});

interface Fleet {
  readonly previous?: Record<string, string>;
  readonly slots: readonly Slot[];
  readonly weights: Record<string, number>;
  readonly pins?: Record<string, string>;
  readonly isInTransition?: boolean;
}

function planOf({ previous = {}, slots, weights, pins = {}, isInTransition }: Fleet) {
  const input: PlanInput = {
    previous: new Map(Object.entries(previous)),
    slots,
    weights: new Map(Object.entries(weights)),
    pins: new Map(Object.entries(pins)),
    isInTransition,
  };
  const { assignment, moves } = plan(input);
  return { assignment: Object.fromEntries(assignment), moves };
}

function slot(name: string, state: Partial<Slot> = {}): Slot {
  return { name, memberId: `member-of-${name}`, isDrained: false, isScraped: true, ...state };
}
