import { mergePages } from '../exposition/merge-pages.ts';
import { assembleBytes, type Scrape } from '../exposition/scrape.ts';
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
/** Of own proxies; others have as much. The page stands in memory as a whole, beside all that a gateway has to hold. */
const MAX_OWN_BYTES = 32_000_000;

/**
 * All proxies of the fleet on one page, each as its owner shows it; in the older text format, where comments may say whose
 * they are and what is missing. For people: two pages at once would be two sources of one proxy.
 */
export async function assembleFleet(
  fleet: Fleet,
  gatewayId: string,
  { maxOwnBytes = MAX_OWN_BYTES } = {},
): Promise<FleetPage> {
  const { workers, elsewhere } = fleet;
  const budgetMs = scrapeBudgetMs(undefined);
  const [own, others] = await Promise.all([
    showWorkers(workers, budgetMs, 'text'),
    relayPages(elsewhere, {
      addressOf: (proxyId) => fleet.ownerOf(proxyId),
      signal: AbortSignal.timeout(budgetMs + RELAY_MARGIN_MS),
    }),
  ]);
  const ownPage = pageOf(own.scrape, maxOwnBytes);
  const notes = [
    `the fleet as ${gatewayId} sees it, for people; proxies of its own: ${own.count}, of others: ${elsewhere.length}`,
    ...(ownPage ? [] : [`missing: all of its own, more than ${maxOwnBytes} bytes: ask it for /metrics`]),
    ...[...others.missing].map(([id, problem]) => `missing: ${id}, ${problem}`),
  ].map((note) => `# ${note.replaceAll(/\s+/g, ' ')}\n`);
  const parts = [Buffer.from(notes.join('')), ...mergePages(ownPage ? [ownPage, ...others.pages] : others.pages)];
  return {
    scrape: assembleBytes(parts.flatMap(piecesOf)),
    markReceived: own.markReceived,
    relayed: others.pages.length,
    missing: others.missing.size,
  };
}

/** A copy, so that own proxies are not kept from writing in place meanwhile; nothing where it would be too large. */
function pageOf(scrape: Scrape, maxBytes: number): Buffer | undefined {
  const buffers = scrape.buffers();
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  const page = bytes > maxBytes ? undefined : Buffer.concat(buffers);
  scrape.release();
  return page;
}

/** Views: a second copy of the page would cost as much as the first. */
function piecesOf(page: Buffer): readonly Buffer[] {
  const pieces = Math.ceil(page.length / PIECE_BYTES);
  return Array.from({ length: pieces }, (_, i) => page.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
}
