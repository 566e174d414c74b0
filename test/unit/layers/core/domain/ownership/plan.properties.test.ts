import { describe, expect, test } from '@jest/globals';
import type { Assignment, PlanInput, Slot } from '../../../../../../layers/core/src/domain/ownership/membership.ts';
import { plan } from '../../../../../../layers/core/src/domain/ownership/plan.ts';
import { fc } from '../../../../../support/properties.ts';

const CAP = 1.1;

describe('any plan', () => {
  test('assigns every proxy, to a slot that is there and not drained, when there is one', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const usable = input.slots.filter(({ isDrained }) => !isDrained).map(({ name }) => name);
        const { assignment } = plan(input);
        expect([...assignment.keys()].sort()).toEqual(usable.length === 0 ? [] : [...input.weights.keys()].sort());
        for (const owner of assignment.values()) expect(usable).toContain(owner);
      }),
    );
  });

  test('keeps each slot that shares within the cap, its pins, or the mean and its lightest proxy', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const { assignment } = plan(input);
        const sharing = sharingOf(input.slots);
        const mean = sum(sharing.map(({ name }) => loadOf(name, assignment, input.weights))) / sharing.length;
        for (const { name } of sharing) {
          const { pinned, movable } = contentOf(name, assignment, input);
          const bound = Math.max(CAP * mean, sum(pinned), mean + Math.min(...movable));
          expect(sum(pinned) + sum(movable)).toBeLessThanOrEqual(movable.length === 0 ? sum(pinned) : bound);
        }
      }),
    );
  });

  test('leaves a proxy heavier than the cap alone with pinned ones', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const { assignment } = plan(input);
        const sharing = sharingOf(input.slots);
        const mean = sum(sharing.map(({ name }) => loadOf(name, assignment, input.weights))) / sharing.length;
        for (const { name } of sharing) {
          const { movable } = contentOf(name, assignment, input);
          if (movable.some((weight) => weight > CAP * mean)) expect(movable).toHaveLength(1);
        }
      }),
    );
  });

  test('moves nothing when it is made again on its own result', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const { assignment } = plan(input);
        expect(plan({ ...input, previous: assignment })).toEqual({ assignment, moves: [] });
      }),
    );
  });

  test('does not depend on the order of anything', () => {
    const shuffled = anyFleet().chain((input) =>
      fc.record({
        input: fc.constant(input),
        slots: shuffle(input.slots),
        previous: shuffle([...input.previous]),
        weights: shuffle([...input.weights]),
        pins: shuffle([...input.pins]),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ input, slots, previous, weights, pins }) => {
        const other = plan({ slots, previous: new Map(previous), weights: new Map(weights), pins: new Map(pins) });
        const first = plan(input);
        expect([...other.assignment]).toEqual([...first.assignment]);
        expect(other.moves).toEqual(first.moves);
      }),
    );
  });

  test('obeys every pin to a slot that is there and not drained', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const usable = new Set(input.slots.filter(({ isDrained }) => !isDrained).map(({ name }) => name));
        const { assignment } = plan(input);
        for (const [id, pin] of input.pins) {
          if (input.weights.has(id) && usable.has(pin)) expect(assignment.get(id)).toBe(pin);
        }
      }),
    );
  });

  test('gives slots outside the sharing nothing but pinned proxies, and takes from them only what is pinned elsewhere', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const sharing = new Set(sharingOf(input.slots).map(({ name }) => name));
        const usable = new Set(input.slots.filter(({ isDrained }) => !isDrained).map(({ name }) => name));
        for (const { proxyId, from, to } of plan(input).moves) {
          const idle = (name: string | undefined) => name !== undefined && usable.has(name) && !sharing.has(name);
          if (idle(from) || idle(to)) expect(input.pins.get(proxyId)).toBe(to);
        }
      }),
    );
  });

  test('tells as moves exactly what differs from before, and why', () => {
    fc.assert(
      fc.property(anyFleet(), (input) => {
        const { assignment, moves } = plan(input);
        const changed = [...assignment].filter(([id, to]) => input.previous.get(id) !== to);
        expect(moves.map(({ proxyId, to }) => [proxyId, to])).toEqual(changed);
        for (const { proxyId, from, reason } of moves) {
          expect(from).toBe(input.previous.get(proxyId));
          const state = input.slots.find(({ name }) => name === from);
          if (reason === 'new') expect(from).toBeUndefined();
          else if (reason === 'orphan') expect(state).toBeUndefined();
          else expect(state?.isDrained).toBe(reason === 'drain');
        }
      }),
    );
  });
});

// Where no proxy weighs more than a tenth of the mean, nothing forces a slot above the cap.
describe('a plan for proxies that are light against the mean', () => {
  test('never exceeds the cap, from whatever it starts', () => {
    fc.assert(
      fc.property(lightFleet(), (input) => {
        const { assignment } = plan(input);
        const mean = sum([...input.weights.values()]) / input.slots.length;
        for (const { name } of input.slots) {
          expect(loadOf(name, assignment, input.weights)).toBeLessThanOrEqual(CAP * mean);
        }
      }),
    );
  });

  test('moves only the proxies of a slot that is gone', () => {
    fc.assert(
      fc.property(lightFleet(), fc.nat(), (input, nat) => {
        const before = plan(input).assignment;
        const gone = input.slots[nat % input.slots.length]!.name;
        const slots = input.slots.filter(({ name }) => name !== gone);
        const moved = plan({ ...input, previous: before, slots }).moves.map(({ proxyId }) => proxyId);
        expect(moved).toEqual(slots.length === 0 ? [] : [...before.keys()].filter((id) => before.get(id) === gone));
      }),
    );
  });

  test('moves to a slot that joins only what brings the others to the cap, and to others only while they are lighter', () => {
    fc.assert(
      fc.property(lightFleet(), (input) => {
        const before = plan(input).assignment;
        const slots = [...input.slots, slotOf('joiner')];
        const { assignment, moves } = plan({ ...input, previous: before, slots });
        const weightOf = (id: string) => input.weights.get(id)!;
        const cap = (CAP * sum([...input.weights.values()])) / slots.length;
        for (const { reason, to } of moves) {
          expect(reason).toBe('overload');
          const joined = loadOf('joiner', assignment, input.weights);
          if (to !== 'joiner') expect(loadOf(to, before, input.weights)).toBeLessThanOrEqual(joined);
        }
        for (const { name } of input.slots) {
          const left = moves.filter(({ from }) => from === name).map(({ proxyId }) => weightOf(proxyId));
          // Without the lightest of what it shed, the slot would still be above the cap.
          if (left.length > 0) {
            expect(loadOf(name, assignment, input.weights) + Math.min(...left)).toBeGreaterThan(cap);
          }
        }
      }),
    );
  });
});

test('10,000 proxies are planned for 50 slots, all of them on one slot before', () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `proxy-${i}`);
  const weights = new Map(ids.map((id, i) => [id, 100 + ((i * 7_919) % 1_000)]));
  const slots = Array.from({ length: 50 }, (_, i) => slotOf(`slot-${i}`));
  const { assignment } = plan({ previous: new Map(ids.map((id) => [id, 'slot-0'])), slots, weights, pins: new Map() });
  const loads = slots.map(({ name }) => loadOf(name, assignment, weights));
  expect(Math.max(...loads)).toBeLessThanOrEqual((CAP * sum(loads)) / 50);
});

/** Fleets of all kinds: previous owners and pins that are gone, drained, idle or waiting slots, giants among dwarfs. */
function anyFleet(): fc.Arbitrary<PlanInput> {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const state = { isDrained: chance(4), isScraped: fc.boolean(), memberId: fc.constantFrom('m', 'm', undefined) };
  const healthy = fc.constant({ isDrained: false, isScraped: true, memberId: 'm' });
  const slots = fc.uniqueArray(fc.tuple(name, fc.oneof(healthy, healthy, fc.record(state))), {
    selector: ([of]) => of,
    maxLength: 6,
  });
  const weight = fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 500 }),
  );
  const proxy = fc.record({ weight, owner: fc.option(name), pin: fc.option(name, { freq: 7 }) });
  return fc.record({ slots, proxies: fc.array(proxy, { maxLength: 40 }) }).map(({ slots, proxies }) => ({
    slots: slots.map(([of, rest]) => ({ name: of, ...rest })),
    previous: mapOf(proxies.map(({ owner }) => owner)),
    weights: mapOf(proxies.map((each) => each.weight)),
    pins: mapOf(proxies.map(({ pin }) => pin)),
  }));
}

/** Up to five healthy slots and 75 to 150 proxies of 10 to 12, so that none weighs more than a tenth of the mean, even with one slot more. */
function lightFleet(): fc.Arbitrary<PlanInput> {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const proxy = fc.record({
    weight: fc.integer({ min: 10, max: 12 }),
    owner: fc.option(fc.constantFrom('a', 'b', 'gone'), { freq: 2 }),
  });
  return fc
    .record({ count: fc.integer({ min: 1, max: 5 }), proxies: fc.array(proxy, { minLength: 75, maxLength: 150 }) })
    .map(({ count, proxies }) => ({
      slots: names.slice(0, count).map(slotOf),
      previous: mapOf(proxies.map(({ owner }) => owner)),
      weights: mapOf(proxies.map(({ weight }) => weight)),
      pins: new Map(),
    }));
}

function chance(oneIn: number): fc.Arbitrary<boolean> {
  return fc.nat(oneIn - 1).map((nat) => nat === 0);
}

function shuffle<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}

/** Values that are not null, by proxy. */
function mapOf<T>(values: readonly (T | null)[]): Map<string, T> {
  return new Map(values.flatMap((value, i): [string, T][] => (value === null ? [] : [[`p${i}`, value]])));
}

function slotOf(name: string): Slot {
  return { name, memberId: `member-of-${name}`, isDrained: false, isScraped: true };
}

function sharingOf(slots: readonly Slot[]): readonly Slot[] {
  const usable = slots.filter(({ isDrained }) => !isDrained);
  const manned = usable.filter(({ memberId }) => memberId !== undefined);
  const scraped = manned.filter(({ isScraped }) => isScraped);
  if (scraped.length > 0) return scraped;
  return manned.length > 0 ? manned : usable;
}

function contentOf(name: string, assignment: Assignment, { weights, pins }: PlanInput) {
  const ids = [...assignment.keys()].filter((id) => assignment.get(id) === name);
  const weigh = (chosen: readonly string[]) => chosen.map((id) => weights.get(id)!);
  return {
    pinned: weigh(ids.filter((id) => pins.get(id) === name)),
    movable: weigh(ids.filter((id) => pins.get(id) !== name)),
  };
}

function loadOf(name: string, assignment: Assignment, weights: ReadonlyMap<string, number>): number {
  return sum([...assignment].filter(([, owner]) => owner === name).map(([id]) => weights.get(id)!));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
