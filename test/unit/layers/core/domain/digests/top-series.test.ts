import { describe, expect, test } from '@jest/globals';
import { TopSeries } from '../../../../../../layers/core/src/domain/digests/top-series.ts';
import { fc } from '../../../../../support/properties.ts';

const HALF_LIFE_S = 300;

/** A ranking in which each key took `timeUs` at each of the given seconds. */
function rankingOf(notes: readonly (readonly [key: string, timeUs: number, atS: number])[]): TopSeries {
  const ranking = new TopSeries(HALF_LIFE_S);
  for (const note of notes) ranking.note(...note);
  return ranking;
}

describe('the ranking of series', () => {
  test('swaps a named series for one that took more than twice its time', () => {
    const ranking = rankingOf([
      ['named', 100, 0],
      ['heavy', 201, 0],
    ]);
    expect(ranking.plan(new Set(['named']), 1, HALF_LIFE_S)).toEqual({ leavers: ['named'], entrants: ['heavy'] });
  });

  test('leaves a named series where it is while nobody is clearly heavier', () => {
    const ranking = rankingOf([
      ['named', 100, 0],
      ['heavy', 199, 0],
    ]);
    expect(ranking.plan(new Set(['named']), 1, HALF_LIFE_S)).toEqual({ leavers: [], entrants: [] });
  });

  test('judges nobody before it has watched for a half-life', () => {
    const ranking = rankingOf([
      ['named', 1, 0],
      ['heavy', 1000, 0],
    ]);
    expect(ranking.plan(new Set(['named']), 1, HALF_LIFE_S - 1).entrants).toEqual([]);
  });

  test('forgets the past: late time outweighs the same time early', () => {
    const ranking = rankingOf([
      ['past', 1000, 0],
      ['now', 1000, 2 * HALF_LIFE_S],
    ]);
    expect(ranking.plan(new Set(['past']), 1, 2 * HALF_LIFE_S)).toEqual({ leavers: ['past'], entrants: ['now'] });
  });

  test('goes on ranking after months, when weights have been scaled down', () => {
    const months = 1_000_000 * HALF_LIFE_S;
    const ranking = rankingOf([
      ['a', 10, 0],
      ['a', 10, months],
      ['b', 30, months],
    ]);
    expect(ranking.plan(new Set(['a']), 1, months)).toEqual({ leavers: ['a'], entrants: ['b'] });
  });

  test('takes the lightest of a surplus out at once', () => {
    const ranking = rankingOf([
      ['a', 30, 0],
      ['b', 10, 0],
      ['c', 20, 0],
    ]);
    expect(ranking.plan(new Set(['a', 'b', 'c']), 1, 1)).toEqual({ leavers: ['b', 'c'], entrants: [] });
  });

  test('never turns over more than a tenth at once, and never names more than it should', () => {
    const named = Array.from({ length: 50 }, (_, i) => `n${i}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.nat(10 ** 6)), { maxLength: 2000 }), (notes) => {
        const ranking = rankingOf(notes.map(([key, timeUs]) => [key < 50 ? `n${key}` : `c${key}`, timeUs, 0]));
        const { leavers, entrants } = ranking.plan(new Set(named), 50, HALF_LIFE_S);
        expect(leavers).toHaveLength(entrants.length);
        expect(entrants.length).toBeLessThanOrEqual(5);
        expect(new Set([...leavers, ...entrants]).size).toBe(2 * entrants.length);
      }),
    );
  });
});
