import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { GzipOptions } from './gzip.ts';
import type { Negotiated } from './negotiate.ts';
import type { Scrape } from './scrape.ts';

export interface SendOptions extends GzipOptions {
  /** Ends a response that is read too slowly, or at shutdown: the connection is cut. */
  readonly signal: AbortSignal;
}

/**
 * Sends a scrape as negotiated and releases it in any case. A compressed one is released before it is sent, since its
 * bytes are its own. Rejects if the client hangs up or `signal` aborts; the connection is closed then.
 */
export async function sendScrape(
  response: ServerResponse,
  scrape: Scrape,
  { contentType, gzip }: Negotiated,
  { signal, ...gzipOptions }: SendOptions,
): Promise<void> {
  try {
    const buffers = gzip ? await scrape.gzip(gzipOptions) : scrape.buffers();
    if (gzip) scrape.release();
    response.setHeader('Content-Type', contentType);
    response.setHeader(
      'Content-Length',
      buffers.reduce((sum, { length }) => sum + length, 0),
    );
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    if (gzip) response.setHeader('Content-Encoding', 'gzip');
    await sendAll(response, buffers, signal);
  } finally {
    scrape.release();
  }
}

/** All at once: the bytes are in memory anyway, so a pipeline would save nothing, and it costs as much as a small scrape. */
async function sendAll(response: ServerResponse, buffers: readonly Buffer[], signal: AbortSignal): Promise<void> {
  try {
    response.cork();
    for (const buffer of buffers) response.write(buffer);
    response.end();
    await finished(response, { signal });
  } catch (error) {
    response.destroy();
    throw error;
  }
}
