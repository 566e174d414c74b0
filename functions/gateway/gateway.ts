import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { HistoryStore, StoredHistories } from '@proxywatch/core/ports/history-store';
import type { LeaseStore } from '@proxywatch/core/ports/lease-store';
import type { Log } from '@proxywatch/core/ports/log';
import type { MembershipStore } from '@proxywatch/core/ports/membership-store';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';
import type { ProxyRegistry } from '@proxywatch/core/ports/proxy-registry';
import { type Clock, SYSTEM_CLOCK } from '../collection/clock.ts';
import { FullReadGate } from '../collection/full-read-gate.ts';
import { HistoryKeeper } from '../collection/history-keeper.ts';
import { ProxyLink } from '../collection/proxy-link.ts';
import { unknownDriver } from '../collection/unknown-driver.ts';
import type { GatewayConfig } from './config.ts';
import type { TrafficByPurpose } from './cost-metrics.ts';
import { Fleet } from './fleet.ts';
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
import { startServer } from './http/server.ts';
import { HistoryMemory } from './memory/history-memory.ts';
import { reportHistory } from './memory/report-history.ts';
import { FleetPlanner } from './ownership/fleet-plan.ts';
import type { WorkerLease } from './ownership/held-lease.ts';
import { Holdings } from './ownership/holdings.ts';
import { RegistryWatch } from './registry-watch.ts';
import { startResidentLog } from './resident-log.ts';
import { ProxyWorker } from './worker/proxy-worker.ts';

export interface GatewayParts {
  readonly registry: ProxyRegistry;
  readonly credentials: CredentialSource;
  readonly store: StoredHistories;
  readonly membership: MembershipStore;
  readonly leases: LeaseStore;
  /** By kind. */
  readonly drivers: ReadonlyMap<string, ProxyDriver>;
  /** What is exchanged with Redis, by what it is for. @default not counted */
  readonly redisTraffic?: TrafficByPurpose;
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
  const { registry, membership, leases, store, log, clock = SYSTEM_CLOCK } = parts;
  const metrics = createGatewayMetrics(config.GATEWAY_ID, {
    historyTraffic: store.traffic,
    redisTraffic: parts.redisTraffic ?? new Map(),
    workers: () => fleet.workers,
  });
  const memory = new HistoryMemory({
    keepers: () => fleet.workers.map(({ keeper }) => keeper),
    expositionBytes: () => fleet.workers.reduce((sum, { document }) => sum + document.byteLength, 0),
    budgetBytes: config.HISTORY_MEMORY_BYTES,
    idleS: config.HISTORY_IDLE_SECONDS,
    retentionS: config.HISTORY_RETENTION_SECONDS,
    clock,
    metrics,
    log,
  });
  const workerParts = { ...parts, clock, metrics, memory, gate: new FullReadGate(clock) };
  const advertise = () => config.GATEWAY_ADVERTISE ?? `${config.GATEWAY_HOST}:${server.port}`;
  const memberId = config.GATEWAY_ID;
  const leaseMs = config.GATEWAY_LEASE_MS;
  const heartbeatMs = Math.min(leaseMs / 3, config.REGISTRY_POLL_MS);
  const fleet = new Fleet({
    memberId,
    release: config.GATEWAY_RELEASE,
    advertise,
    registry: new RegistryWatch(registry, metrics, log),
    membership,
    membershipOptions: {
      timeoutMs: leaseMs,
      slotGraceMs: config.SLOT_GRACE_SECONDS * 1000,
      settleMs: 2 * heartbeatMs,
      slots: config.GATEWAY_SLOTS,
    },
    planner: new FleetPlanner(membership, metrics, log),
    holdings: new Holdings({
      leases,
      owner: () => ({ memberId, advertise: advertise() }),
      leaseMs,
      createWorker: (proxy, lease) => createWorker(proxy, lease, config, workerParts),
      clock,
      metrics,
      log,
    }),
    heartbeatMs,
    idleMs: config.COLLECT_IDLE_MS,
    clock,
    metrics,
    log,
  });
  const server = await startServer({
    host: config.GATEWAY_HOST,
    port: config.GATEWAY_PORT,
    fleet,
    metrics,
    gatewayId: config.GATEWAY_ID,
    advertise,
    log,
  });
  fleet.start();
  memory.start();
  const endResidentLog = startResidentLog({
    workers: () => fleet.workers,
    heartbeatAgeMs: () => fleet.heartbeatAgeMs,
    log,
  });
  return {
    port: server.port,
    async stop() {
      endResidentLog();
      // Proxies first: until they are let go, whoever asks for one is answered; from then on he is sent to its new owner.
      await memory.stop();
      await fleet.stop();
      await server.close(CLOSE_GRACE_MS);
    },
  };
}

interface WorkerParts extends GatewayParts {
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly memory: HistoryMemory;
  readonly gate: FullReadGate;
}

function createWorker(
  proxy: RegisteredProxy,
  lease: WorkerLease,
  config: GatewayConfig,
  { credentials, store, drivers, clock, metrics, memory, gate, log }: WorkerParts,
): ProxyWorker {
  const driver = drivers.get(proxy.kind) ?? unknownDriver(proxy.kind);
  // Whoever holds the lease is the writer of the history: the lease's token is its fence.
  const leasedStore: HistoryStore = { ...store, claim: (_proxyId, signal) => lease.claim(signal) };
  return new ProxyWorker({
    proxy,
    link: new ProxyLink({ proxy, driver, credentials, connectTimeoutMs: config.CONNECT_TIMEOUT_MS, clock }),
    keeper: new HistoryKeeper(proxy.id, leasedStore, clock, {
      events: { ...reportHistory(metrics, log), stored: () => memory.noteStored() },
      busyS: () => memory.busyS(),
    }),
    mayExpose: () => lease.stands(),
    topN: config.DIGEST_TOP_N,
    shareMs: config.COLLECT_SHARE_MS,
    budgetMs: config.COLLECT_BUDGET_MS,
    clock,
    metrics,
    log,
    gate,
  });
}
