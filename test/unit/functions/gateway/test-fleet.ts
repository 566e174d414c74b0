import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyRegistry } from '@proxywatch/core/ports/proxy-registry';
import { Fleet } from '../../../../functions/gateway/fleet.ts';
import { FleetPlanner } from '../../../../functions/gateway/ownership/fleet-plan.ts';
import type { WorkerLease } from '../../../../functions/gateway/ownership/held-lease.ts';
import { Holdings } from '../../../../functions/gateway/ownership/holdings.ts';
import { RegistryWatch } from '../../../../functions/gateway/registry-watch.ts';
import type { ProxyWorker } from '../../../../functions/gateway/worker/proxy-worker.ts';
import { MemoryLeases, MemoryMembership } from '../../../support/memory-fleet.ts';
import { CLOCK, METRICS } from './test-worker.ts';

export interface TestFleetOptions {
  readonly registry: ProxyRegistry;
  readonly createWorker: (proxy: RegisteredProxy, lease: WorkerLease) => ProxyWorker;
  readonly log: Log;
  readonly memberId?: string;
  readonly advertise?: () => string;
  readonly membership?: MemoryMembership;
  readonly leases?: MemoryLeases;
  readonly leaseMs?: number;
}

/** A member of a fleet in memory that beats every few milliseconds. */
export function createTestFleet(options: TestFleetOptions): Fleet {
  const {
    registry,
    createWorker,
    log,
    memberId = 'gateway-1',
    advertise = () => '127.0.0.1:9464',
    leaseMs = 60_000,
  } = options;
  const { membership = new MemoryMembership(), leases = new MemoryLeases() } = options;
  return new Fleet({
    memberId,
    advertise,
    registry: new RegistryWatch(registry, METRICS, log),
    membership,
    membershipOptions: { timeoutMs: 1_000, slotGraceMs: 0, slots: 8 },
    planner: new FleetPlanner(membership, METRICS, log),
    holdings: new Holdings({
      leases,
      owner: () => ({ memberId, advertise: advertise() }),
      leaseMs,
      createWorker,
      clock: CLOCK,
      metrics: METRICS,
      log,
    }),
    heartbeatMs: 4,
    idleMs: 60_000,
    clock: CLOCK,
    metrics: METRICS,
    log,
  });
}
