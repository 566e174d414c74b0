import { describe, expect, test } from '@jest/globals';
import { createCatalogue } from '../../../../../functions/gateway/exposition/catalogue.ts';
import type { Family } from '../../../../../functions/gateway/exposition/family.ts';

const GAUGE: Family = { name: 'connections', type: 'gauge', help: 'Connections.', value: 'integer' };

describe('a family that no scraper could read', () => {
  test.each<[string, Partial<Family>, string]>([
    ['a name with a dash', { name: 'a-b' }, 'no valid name'],
    ['a counter without its suffix', { type: 'counter' }, 'a counter ends in _total'],
    ['an info without its suffix', { type: 'info' }, 'an info ends in _info'],
    ['an info with a unit', { name: 'x_info', type: 'info', unit: 'info' }, 'an info has no unit'],
    ['a unit that the name does not tell', { unit: 'seconds' }, 'the name does not end in its unit seconds'],
    ['a histogram without bounds', { type: 'histogram' }, 'bounds belong to histograms'],
    ['a gauge with bounds', { bounds: [1] }, 'bounds belong to histograms'],
    ['bounds that fall', { type: 'histogram', bounds: [1, 0.5] }, 'bounds do not rise'],
    ['an infinite bound', { type: 'histogram', bounds: [1, Number.POSITIVE_INFINITY] }, 'bounds do not rise'],
    ['a slot too narrow for six decimals', { value: 'micros', width: 7 }, 'no value fits a width of 7'],
  ])('is refused: %s', (_, part, problem) => {
    expect(() => createCatalogue([{ ...GAUGE, ...part }])).toThrow(problem);
  });

  test('is refused: a name that OpenMetrics cannot tell from another', () => {
    const counter: Family = { ...GAUGE, name: 'connections_total', type: 'counter' };
    expect(() => createCatalogue([GAUGE, counter])).toThrow('the name connections is taken');
  });
});
