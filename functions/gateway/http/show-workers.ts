import type { Format } from '../exposition/catalogue.ts';
import { assemble, type Scrape } from '../exposition/scrape.ts';
import { CATALOGUE } from '../families.ts';
import type { ProxyWorker } from '../worker/proxy-worker.ts';

export interface Shown {
  readonly scrape: Scrape;
  /** How many of the workers are on it: those that were let go meanwhile are not. */
  readonly count: number;
  /** To be called when it was received; by a scraper, or by somebody who may be one. */
  markReceived(isScraper: boolean): void;
}

/** What these workers have, fresh where that could be had within `budgetMs`. */
export async function showWorkers(workers: readonly ProxyWorker[], budgetMs: number, format: Format): Promise<Shown> {
  // Others' slowness costs a worker nothing but the wait.
  const fresh = await Promise.all(workers.map((worker) => worker.refresh(budgetMs)));
  // Without a pause from here to `assemble`: scrapes share the documents, and each may show something else in them.
  const present = workers.flatMap((worker, index) =>
    worker.isStopped ? [] : [{ document: worker.document, markReceived: worker.show(fresh[index] === true) }],
  );
  const documents = present.map(({ document }) => document);
  return {
    count: present.length,
    scrape: assemble(CATALOGUE, documents, format),
    markReceived: (isScraper) => {
      for (const worker of present) worker.markReceived(isScraper);
    },
  };
}
