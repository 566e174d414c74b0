/** What a scraper that says nothing allows; Prometheus' own default. */
const DEFAULT_TIMEOUT_S = 10;
const MAX_TIMEOUT_S = 120;
/** Left for putting the answer together and for its way: a tenth, from a fifth of a second to one second. */
const MARGIN = { share: 0.1, minS: 0.2, maxS: 1 };

/** How long a scrape may wait for its collection, milliseconds, from the header X-Prometheus-Scrape-Timeout-Seconds. */
export function scrapeBudgetMs(header: string | undefined): number {
  const given = Number(header);
  const timeoutS = header !== undefined && given > 0 ? Math.min(given, MAX_TIMEOUT_S) : DEFAULT_TIMEOUT_S;
  const marginS = Math.min(MARGIN.maxS, Math.max(MARGIN.minS, timeoutS * MARGIN.share));
  return Math.max(timeoutS / 2, timeoutS - marginS) * 1000;
}
