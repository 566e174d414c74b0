import { expect, test } from '@jest/globals';
import { scrapeBudgetMs } from '../../../../../functions/gateway/http/scrape-deadline.ts';
import { fc } from '../../../../support/properties.ts';

test.each([
  ['10', 9_000],
  ['5', 4_500],
  ['5.5', 4_950],
  ['60', 59_000],
  ['1', 800],
  ['0.3', 150],
  ['3600', 119_000],
  [undefined, 9_000],
  ['', 9_000],
  ['soon', 9_000],
  ['-1', 9_000],
  ['0', 9_000],
  ['NaN', 9_000],
  ['Infinity', 119_000],
])('a scraper that waits for %j seconds leaves %d ms', (header, budgetMs) => {
  expect(scrapeBudgetMs(header)).toBeCloseTo(budgetMs);
});

test('whatever the header says, no more is left than the scraper has', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double().map(String), fc.string()), (header) => {
      const budgetMs = scrapeBudgetMs(header);
      const timeoutS = Number(header) > 0 ? Math.min(Number(header), 120) : 10;
      expect(budgetMs).toBeGreaterThanOrEqual(0);
      expect(budgetMs).toBeLessThanOrEqual(timeoutS * 1000);
    }),
  );
});
