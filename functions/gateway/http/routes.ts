import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fleet } from '../fleet.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { sendJson, sendStarting } from './answers.ts';
import { serveMetrics } from './serve-metrics.ts';

export interface RouteContext {
  readonly fleet: Fleet;
  readonly metrics: GatewayMetrics;
  readonly gatewayId: string;
  /** `host:port` of this gateway for others; known once it listens. */
  readonly advertise: () => string;
  /** Pages of the whole fleet that are being put together or sent. */
  readonly fleetPages: { underWay: number };
}

export type Route = (
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>;

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
  '/healthz': async ({ fleet }, _request, response, url) => {
    // For who starts gateways: one that never met the fleet, as with a wrong address of Redis, must not replace one that has.
    const isJoining = url.searchParams.get('joined') === 'true' && fleet.view === undefined;
    sendJson(response, isJoining ? 503 : 200, { status: isJoining ? 'joining' : 'alive' });
  },
  '/readyz': async ({ fleet }, _request, response) => {
    sendJson(response, fleet.isReady ? 200 : 503, { status: fleet.isReady ? 'ready' : 'starting' });
  },
  '/debug/workers': async ({ fleet, gatewayId }, _request, response) => {
    const workers = fleet.workers.map((worker) => worker.describe());
    sendJson(response, 200, { gateway: gatewayId, fleet: fleet.describe(), workers });
  },
};

async function serveSelf(
  { metrics }: RouteContext,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await metrics.registry.metrics();
  response.writeHead(200, { 'Content-Type': metrics.registry.contentType });
  response.end(body);
}
