import type { IncomingMessage, ServerResponse } from 'node:http';
import { negotiate } from '../exposition/negotiate.ts';
import { assemble } from '../exposition/scrape.ts';
import { sendScrape } from '../exposition/send-scrape.ts';
import { CATALOGUE } from '../families.ts';
import type { Fleet } from '../fleet.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { scrapeBudgetMs } from './scrape-deadline.ts';

export interface RouteContext {
  readonly fleet: Fleet;
  readonly metrics: GatewayMetrics;
  readonly gatewayId: string;
  /** `host:port` of this gateway for others; known once it listens. */
  readonly advertise: () => string;
}

export type Route = (
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>;

/** A reader that takes longer than this for one answer is cut off. */
const SEND_TIMEOUT_MS = 60_000;

export const ROUTES: Readonly<Record<string, Route>> = {
  '/metrics': serveMetrics,
  '/metrics/self': serveSelf,
  '/sd': async ({ fleet }, _request, response) => {
    if (!fleet.isLoaded) return sendStarting(response);
    const targets = fleet.targets.map(({ proxy, address }) => ({
      targets: [address],
      labels: { __param_proxy: proxy.id, proxy: proxy.id, namespace: proxy.namespace },
    }));
    sendJson(response, 200, targets);
  },
  '/sd/gateways': async ({ fleet }, _request, response) => {
    if (!fleet.view) return sendStarting(response);
    sendJson(
      response,
      200,
      fleet.view.members.map(({ id, advertise }) => ({ targets: [advertise], labels: { gateway: id } })),
    );
  },
  '/healthz': async (_context, _request, response) => sendJson(response, 200, { status: 'alive' }),
  '/readyz': async ({ fleet }, _request, response) => {
    sendJson(response, fleet.isReady ? 200 : 503, { status: fleet.isReady ? 'ready' : 'starting' });
  },
  '/debug/workers': async ({ fleet, gatewayId }, _request, response) => {
    const workers = fleet.workers.map((worker) => worker.describe());
    sendJson(response, 200, { gateway: gatewayId, fleet: fleet.describe(), workers });
  },
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** An empty answer would end series and targets; this one keeps them. */
function sendStarting(response: ServerResponse): void {
  response.setHeader('Retry-After', '1');
  sendJson(response, 503, { error: 'starting: registry and fleet are not known yet' });
}

/** A proxy that is not ours: its owner is told, if there is one. */
function sendElsewhere({ fleet, advertise }: RouteContext, proxyId: string, response: ServerResponse): void {
  const name = `proxy ${JSON.stringify(proxyId)}`;
  const owner = fleet.ownerOf(proxyId);
  if (!fleet.isRegistered(proxyId)) {
    sendJson(response, 404, { error: `no ${name}` });
  } else if (owner === undefined || owner === advertise()) {
    response.setHeader('Retry-After', '1');
    sendJson(response, 503, { error: `${name} has no owner now` });
  } else {
    response.setHeader('Location', `http://${owner}/metrics?proxy=${encodeURIComponent(proxyId)}`);
    sendJson(response, 307, { error: `${name} is at ${owner}` });
  }
}

/** All proxies of this gateway, or with `?proxy=<id>` one: the way in which production scrapes. */
async function serveMetrics(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { fleet, metrics } = context;
  if (!fleet.isLoaded) return sendStarting(response);
  const proxyId = url.searchParams.get('proxy');
  const workers = proxyId === null ? fleet.workers : [fleet.workerOf(proxyId)].filter((worker) => worker !== undefined);
  if (proxyId !== null && workers.length === 0) return sendElsewhere(context, proxyId, response);
  fleet.noteScrape();
  const budgetMs = scrapeBudgetMs(headerOf(request, 'x-prometheus-scrape-timeout-seconds'));
  // Others' slowness costs a worker nothing but the wait.
  const fresh = await Promise.all(workers.map((worker) => worker.refresh(budgetMs)));
  // Without a pause from here to `assemble`: scrapes share the documents, and each may show something else in them.
  const received = workers.map((worker, index) => worker.show(fresh[index] === true));
  const documents = workers.map((worker) => worker.document);
  const negotiated = negotiate(headerOf(request, 'accept'), headerOf(request, 'accept-encoding'));
  const scrape = assemble(CATALOGUE, documents, negotiated.format);
  metrics.scrapes.inc({ path: proxyId === null ? '/metrics' : '/metrics?proxy' });
  await sendScrape(response, scrape, negotiated, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
  for (const markReceived of received) markReceived();
  metrics.servedBytes.inc(Number(response.getHeader('Content-Length') ?? 0));
}

async function serveSelf(
  { metrics }: RouteContext,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await metrics.registry.metrics();
  response.writeHead(200, { 'Content-Type': metrics.registry.contentType });
  response.end(body);
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
