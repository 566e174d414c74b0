import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';

export interface RelayOptions {
  /** Who owns a proxy as far as is known now; `undefined` while nobody does. */
  readonly addressOf: (proxyId: string) => string | undefined;
  readonly signal: AbortSignal;
  /** So long, from the beginning, a proxy that cannot be had is asked for again: it may be on its way. @default 2,000 */
  readonly patienceMs?: number;
  /** Bytes of all pages together. @default 32 MB */
  readonly maxBytes?: number;
}

export interface RelayedPages {
  readonly pages: readonly Buffer[];
  /** Why proxies are not among them, by id. */
  readonly missing: ReadonlyMap<string, string>;
}

/** Requests at once to one gateway; each gateway has its own, so that one that hangs holds up no other. */
const LANES = 8;
const PATIENCE_MS = 2_000;
const RETRY_MS = 200;
const MAX_BYTES = 32_000_000;

/** Fetches the page of each proxy from its owner, in the older text format. Never rejects. */
export async function relayPages(
  proxyIds: readonly string[],
  { addressOf, signal, patienceMs = PATIENCE_MS, maxBytes = MAX_BYTES }: RelayOptions,
): Promise<RelayedPages> {
  const pages: Buffer[] = [];
  const missing = new Map<string, string>();
  let isPatient = true;
  const patience = setTimeout(() => {
    isPatient = false;
  }, patienceMs);
  let bytesLeft = maxBytes;
  const takeBytes = (bytes: number) => {
    bytesLeft -= bytes;
    if (bytesLeft < 0) throw new ProxywatchError('INTERNAL', `the page has no room for more than ${maxBytes} bytes`);
  };

  async function relay(proxyId: string): Promise<void> {
    for (;;) {
      const address = addressOf(proxyId);
      let problem = 'no gateway owns it now';
      try {
        if (address !== undefined) return void pages.push(await fetchPage(address, proxyId, signal, takeBytes));
      } catch (error) {
        problem = `${address}: ${signal.aborted ? 'too late' : reasonOf(error)}`;
      }
      if (!isPatient || bytesLeft < 0 || signal.aborted) return void missing.set(proxyId, problem);
      await pause(RETRY_MS);
    }
  }
  const relayAll = async (lane: readonly string[]) => {
    for (const proxyId of lane) await relay(proxyId);
  };
  const owners = Map.groupBy(proxyIds, addressOf);
  await Promise.all([...owners.values()].flatMap(lanesOf).map(relayAll));
  clearTimeout(patience);
  return { pages, missing };
}

/**
 * Without the header of scrapers: what is relayed is for people, and their looking must not count as a scrape. An owner
 * that has changed since answers with the address of the next one, or refuses when nobody has the proxy just then.
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
    throw new ProxywatchError('INTERNAL', response.status === 503 ? 'does not have it' : `answered ${response.status}`);
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
