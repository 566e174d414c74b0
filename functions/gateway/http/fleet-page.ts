import { createBody } from '../exposition/chunk.ts';
import { mergePages } from '../exposition/merge-pages.ts';
import { Scrape } from '../exposition/scrape.ts';
import type { Fleet } from '../fleet.ts';
import { relayPages } from './relay-pages.ts';
import { scrapeBudgetMs } from './scrape-deadline.ts';
import { type Shown, showWorkers } from './show-workers.ts';

export interface FleetPage extends Omit<Shown, 'count'> {
  /** Proxies of other gateways that are on it, and that should be. */
  readonly relayed: number;
  readonly missing: number;
}

/** Others answer within the budget of a scrape, or say that they cannot; this is for their way here. */
const RELAY_MARGIN_MS = 1_000;
/** The page is compressed and sent in such pieces, between which others get their turn. */
const PIECE_BYTES = 65_536;

/**
 * All proxies of the fleet on one page, each as its owner shows it; in the older text format, where comments may say whose
 * they are and what is missing. For people: two pages at once would be two sources of one proxy.
 */
export async function assembleFleet(fleet: Fleet, gatewayId: string): Promise<FleetPage> {
  const { workers, elsewhere } = fleet;
  const budgetMs = scrapeBudgetMs(undefined);
  const [own, others] = await Promise.all([
    showWorkers(workers, budgetMs, 'text'),
    relayPages(elsewhere, {
      addressOf: (proxyId) => fleet.ownerOf(proxyId),
      signal: AbortSignal.timeout(budgetMs + RELAY_MARGIN_MS),
    }),
  ]);
  const ownPage = Buffer.concat(own.scrape.buffers());
  own.scrape.release();
  const notes = [
    `the fleet as ${gatewayId} sees it, for people; proxies of its own: ${own.count}, of others: ${elsewhere.length}`,
    ...[...others.missing].map(([id, problem]) => `missing: ${id}, ${problem}`),
  ].map((note) => `# ${note.replaceAll(/\s+/g, ' ')}\n`);
  const page = Buffer.concat([Buffer.from(notes.join('')), ...mergePages([ownPage, ...others.pages])]);
  return {
    scrape: new Scrape(piecesOf(page).map((piece) => createBody(piece))),
    markReceived: own.markReceived,
    relayed: others.pages.length,
    missing: others.missing.size,
  };
}

function piecesOf(page: Buffer): readonly Buffer[] {
  const pieces = Math.ceil(page.length / PIECE_BYTES);
  return Array.from({ length: pieces }, (_, i) => page.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
}
