import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RemoteProxy } from '../fleet.ts';

export interface RelayLimits {
  readonly signal: AbortSignal;
  /** Bytes of all pages together. @default 64 MB */
  readonly maxBytes?: number;
}

export interface RelayedPages {
  readonly pages: readonly Buffer[];
  /** Why proxies are not among them, by id. */
  readonly missing: ReadonlyMap<string, string>;
}

/** Requests at once to one gateway; each gateway has its own, so that one that hangs holds up no other. */
const LANES = 8;
const MAX_BYTES = 64_000_000;

/** Fetches the page of each proxy from its owner, in the older text format. Never rejects. */
export async function relayPages(
  proxies: readonly RemoteProxy[],
  { signal, maxBytes = MAX_BYTES }: RelayLimits,
): Promise<RelayedPages> {
  const pages: Buffer[] = [];
  const missing = new Map<string, string>();
  let bytesLeft = maxBytes;
  const takeBytes = (bytes: number) => {
    bytesLeft -= bytes;
    if (bytesLeft < 0) throw new ProxywatchError('INTERNAL', `the page has no room for more than ${maxBytes} bytes`);
  };
  const owners = Map.groupBy(proxies, ({ address }) => address);
  const relayAll = async (address: string | undefined, owned: readonly RemoteProxy[]) => {
    for (const { id } of owned) {
      if (address === undefined) missing.set(id, 'no gateway owns it now');
      else {
        await fetchPage(address, id, signal, takeBytes).then(
          (page) => pages.push(page),
          (error: unknown) => missing.set(id, `${address}: ${signal.aborted ? 'too late' : reasonOf(error)}`),
        );
      }
    }
  };
  await Promise.all([...owners].flatMap(([address, owned]) => lanesOf(owned).map((lane) => relayAll(address, lane))));
  return { pages, missing };
}

/**
 * Without the header of scrapers: what is relayed is for people, and their looking must not count as a scrape. An owner
 * that has changed since answers with the address of the next one.
 */
async function fetchPage(
  address: string,
  proxyId: string,
  signal: AbortSignal,
  takeBytes: (bytes: number) => void,
): Promise<Buffer> {
  const url = `http://${address}/metrics?proxy=${encodeURIComponent(proxyId)}`;
  const headers = { Accept: 'text/plain;version=0.0.4', 'Accept-Encoding': 'identity' };
  const response = await fetch(url, { headers, signal });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new ProxywatchError('INTERNAL', `answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  // Leaving the loop by an error cancels the rest.
  for await (const chunk of response.body) {
    takeBytes(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function lanesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.min(LANES, items.length) }, (_, lane) =>
    items.filter((__, i) => i % LANES === lane),
  );
}

/** What `fetch` throws says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return messageOf(cause ?? error);
}
