import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Negotiated, negotiate } from '../exposition/negotiate.ts';
import type { Scrape } from '../exposition/scrape.ts';
import { sendScrape } from '../exposition/send-scrape.ts';
import type { ProxyWorker } from '../worker/proxy-worker.ts';
import { headerOf, sendJson, sendStarting } from './answers.ts';
import { assembleFleet } from './fleet-page.ts';
import type { RouteContext } from './routes.ts';
import { scrapeBudgetMs } from './scrape-deadline.ts';
import { showWorkers } from './show-workers.ts';

/** A reader that takes longer than this for one answer is cut off. */
const SEND_TIMEOUT_MS = 60_000;
/** Pages of the whole fleet at once: each is in memory as a whole. */
const MAX_FLEET_PAGES = 1;

/**
 * With `?proxy=<id>` that proxy, at its owner: the way in which production scrapes. Without, all proxies of this gateway, so
 * that whoever scrapes all gateways meets each proxy once. With `?fleet=true` those of the whole fleet, for people.
 */
export async function serveMetrics(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { fleet } = context;
  if (!fleet.isLoaded) return sendStarting(response);
  const proxyId = url.searchParams.get('proxy');
  if (url.searchParams.get('fleet') === 'true') return serveFleet(context, request, response);
  if (proxyId === null) return serveOwn(context, request, response);
  const worker = fleet.workerOf(proxyId);
  const isServed = worker && (await serveWorkers(context, [worker], '/metrics?proxy', request, response));
  if (!isServed) sendElsewhere(context, proxyId, request, response);
}

async function serveOwn(context: RouteContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await serveWorkers(context, context.fleet.workers, '/metrics', request, response)) return;
  response.setHeader('Retry-After', '1');
  sendJson(response, 503, { error: 'all proxies were let go meanwhile' });
}

/** False, and nothing is sent, when there were workers and all of them were let go while they were waited for. */
async function serveWorkers(
  context: RouteContext,
  workers: readonly ProxyWorker[],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  context.fleet.noteScrape();
  const timeout = timeoutOf(request);
  const negotiated = negotiate(headerOf(request, 'accept'), headerOf(request, 'accept-encoding'));
  const { scrape, count, markReceived } = await showWorkers(workers, scrapeBudgetMs(timeout), negotiated.format);
  if (count === 0 && workers.length > 0) {
    scrape.release();
    return false;
  }
  await send(context, path, scrape, negotiated, response);
  markReceived(timeout !== undefined);
  return true;
}

async function serveFleet(context: RouteContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { fleet, metrics, gatewayId, fleetPages } = context;
  if (fleetPages.underWay >= MAX_FLEET_PAGES) {
    response.setHeader('Retry-After', '5');
    return sendJson(response, 503, { error: 'a page of the whole fleet is under way' });
  }
  fleetPages.underWay++;
  try {
    fleet.noteScrape();
    const { scrape, markReceived, relayed, missing } = await assembleFleet(fleet, gatewayId);
    metrics.relayedProxies.inc({ outcome: 'ok' }, relayed);
    metrics.relayedProxies.inc({ outcome: 'missing' }, missing);
    const negotiated = negotiate('text/plain', headerOf(request, 'accept-encoding'));
    await send(context, 'fleet', scrape, negotiated, response);
    markReceived(false);
  } finally {
    fleetPages.underWay--;
  }
}

async function send(
  { metrics }: RouteContext,
  path: string,
  scrape: Scrape,
  negotiated: Negotiated,
  response: ServerResponse,
): Promise<void> {
  metrics.scrapes.inc({ path });
  await sendScrape(response, scrape, negotiated, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
  metrics.servedBytes.inc(Number(response.getHeader('Content-Length') ?? 0));
}

/** A proxy that is not ours: its owner is told, if there is one. */
function sendElsewhere(
  { fleet, metrics, advertise }: RouteContext,
  proxyId: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const name = `proxy ${JSON.stringify(proxyId)}`;
  const owner = fleet.ownerOf(proxyId);
  if (!fleet.isRegistered(proxyId)) {
    sendJson(response, 404, { error: `no ${name}` });
  } else if (owner === undefined || owner === advertise()) {
    if (timeoutOf(request) !== undefined) metrics.gaps.inc({ reason: 'no-owner' });
    response.setHeader('Retry-After', '1');
    // Waiting until it is here would serve a scrape that started while its last owner still served another.
    sendJson(response, 503, { error: `${name} has no owner now` });
  } else {
    response.setHeader('Location', `http://${owner}/metrics?proxy=${encodeURIComponent(proxyId)}`);
    sendJson(response, 307, { error: `${name} is at ${owner}` });
  }
}

/** Scrapers say how long they wait; people do not. */
function timeoutOf(request: IncomingMessage): string | undefined {
  return headerOf(request, 'x-prometheus-scrape-timeout-seconds');
}
