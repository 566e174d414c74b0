import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { HistoryStore } from '@proxywatch/core/ports/history-store';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';
import type { ProxyRegistry } from '@proxywatch/core/ports/proxy-registry';
import type { GatewayConfig } from './config.ts';
import { Fleet } from './fleet.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { startServer } from './http/server.ts';
import { type Clock, SYSTEM_CLOCK } from './worker/clock.ts';
import { HistoryKeeper } from './worker/history-keeper.ts';
import { ProxyLink } from './worker/proxy-link.ts';
import { ProxyWorker } from './worker/proxy-worker.ts';
import { unknownDriver } from './worker/unknown-driver.ts';

export interface GatewayParts {
  readonly registry: ProxyRegistry;
  readonly credentials: CredentialSource;
  readonly store: HistoryStore;
  /** By kind. */
  readonly drivers: ReadonlyMap<string, ProxyDriver>;
  readonly log: Log;
  /** @default the system's */
  readonly clock?: Clock;
}

export interface Gateway {
  readonly port: number;
  /** Ends scrapes under way, writes histories, closes connections. */
  stop(): Promise<void>;
}

const CLOSE_GRACE_MS = 5_000;

/** Starts a gateway from its parts; they stay the caller's to close. */
export async function startGateway(config: GatewayConfig, parts: GatewayParts): Promise<Gateway> {
  const { registry, credentials, store, drivers, log, clock = SYSTEM_CLOCK } = parts;
  const metrics = createGatewayMetrics(config.GATEWAY_ID);
  const createWorker = (proxy: RegisteredProxy) =>
    new ProxyWorker({
      proxy,
      link: new ProxyLink({
        proxy,
        driver: driverOf(proxy),
        credentials,
        connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
        clock,
      }),
      keeper: new HistoryKeeper(proxy.id, store, clock),
      topN: config.DIGEST_TOP_N,
      shareMs: config.COLLECT_SHARE_MS,
      budgetMs: config.COLLECT_BUDGET_MS,
      clock,
      metrics,
      log,
    });
  const driverOf = (proxy: RegisteredProxy) => drivers.get(proxy.kind) ?? unknownDriver(proxy.kind);
  const fleet = new Fleet({
    registry,
    createWorker,
    pollMs: config.REGISTRY_POLL_MS,
    idleMs: config.COLLECT_IDLE_MS,
    metrics,
    log,
  });
  const server = await startServer({
    host: config.GATEWAY_HOST,
    port: config.GATEWAY_PORT,
    fleet,
    metrics,
    gatewayId: config.GATEWAY_ID,
    advertise: () => config.GATEWAY_ADVERTISE ?? `${config.GATEWAY_HOST}:${server.port}`,
    log,
  });
  fleet.start();
  return {
    port: server.port,
    async stop() {
      await server.close(CLOSE_GRACE_MS);
      await fleet.stop();
    },
  };
}
