import type { Format } from '../exposition/catalogue.ts';
import { assemble, type Scrape } from '../exposition/scrape.ts';
import { CATALOGUE } from '../families.ts';
import type { ProxyWorker } from '../worker/proxy-worker.ts';

export interface Shown {
  readonly scrape: Scrape;
  /** To be called when it was received; by a scraper, or by somebody who may be one. */
  markReceived(isScraper: boolean): void;
}

/** What these workers have, fresh where that could be had within `budgetMs`. */
export async function showWorkers(workers: readonly ProxyWorker[], budgetMs: number, format: Format): Promise<Shown> {
  // Others' slowness costs a worker nothing but the wait.
  const fresh = await Promise.all(workers.map((worker) => worker.refresh(budgetMs)));
  // Without a pause from here to `assemble`: scrapes share the documents, and each may show something else in them.
  const received = workers.map((worker, index) => worker.show(fresh[index] === true));
  const documents = workers.map((worker) => worker.document);
  return {
    scrape: assemble(CATALOGUE, documents, format),
    markReceived: (isScraper) => {
      for (const markReceived of received) markReceived(isScraper);
    },
  };
}
