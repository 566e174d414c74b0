import { describe, expect, test } from '@jest/globals';
import { rendezvousKey, rendezvousScore } from '../../../../../../layers/core/src/domain/ownership/rendezvous.ts';

const proxies = Array.from({ length: 20_000 }, (_, i) => rendezvousKey(`proxy-${i}`));

describe('rendezvous scores', () => {
  test('are whole numbers that a double holds exactly, spread over their whole range', () => {
    const slot = rendezvousKey('slot-0');
    const eighths = new Array<number>(8).fill(0);
    for (const proxy of proxies) {
      const score = rendezvousScore(proxy, slot);
      expect(Number.isSafeInteger(score)).toBe(true);
      const eighth = Math.floor(score / 2 ** 50);
      eighths[eighth] = (eighths[eighth] ?? Number.NaN) + 1;
    }
    expectEven(eighths);
  });

  test('give slots with names alike the same share of proxies with ids alike', () => {
    expectEven([...winners(8).values()]);
  });

  test('move proxies to a slot that joins, and none between the others', () => {
    const [eight, nine] = [ownersAmong(8), ownersAmong(9)];
    const moved = nine.filter((slot, i) => slot !== eight[i]);
    expect(new Set(moved)).toEqual(new Set(['slot-8']));
    expect(moved.length / proxies.length).toBeCloseTo(1 / 9, 2);
  });
});

/** Within five standard deviations of the mean of a binomial distribution. */
function expectEven(counts: readonly number[]): void {
  const mean = proxies.length / counts.length;
  for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
}

function ownersAmong(count: number): string[] {
  const slots = Array.from({ length: count }, (_, i) => `slot-${i}`).map((name) => ({
    name,
    key: rendezvousKey(name),
  }));
  return proxies.map((proxy) => {
    const scored = slots.map(({ name, key }) => ({ name, score: rendezvousScore(proxy, key) }));
    return scored.reduce((a, b) => (b.score > a.score ? b : a)).name;
  });
}

function winners(count: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const owner of ownersAmong(count)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}
