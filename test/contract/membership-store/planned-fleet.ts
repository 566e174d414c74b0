import { expect } from '@jest/globals';
import type { Assignment } from '@proxywatch/core/domain/ownership/membership';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { FleetView } from '@proxywatch/core/ports/membership-store';
import { createGatewayMetrics } from '../../../functions/gateway/gateway-metrics.ts';
import { FleetPlanner } from '../../../functions/gateway/ownership/fleet-plan.ts';
import { Gateway } from './fleet.ts';

const SLOTS = 64;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const METRICS = createGatewayMetrics('test');

/** A gateway that also plans when it is its turn, and holds what is assigned to its slot. */
export class PlanningGateway extends Gateway {
  readonly #planner = new FleetPlanner(this.store, METRICS, SILENT);
  readonly #proxies: readonly string[];
  /** As it saw them last. */
  slotName: string | undefined;
  assignment: Assignment = new Map();

  constructor(redis: RedisClient, id: string, release: string | undefined, proxies: readonly string[]) {
    super(redis, id, SLOTS, release);
    this.#proxies = proxies;
  }

  override async beat(): Promise<FleetView> {
    const view = await super.beat();
    this.#planner.watch(view, this.#proxies);
    this.assignment = view.isPlanner
      ? await this.#planner.plan(this.id, view, this.#proxies, AbortSignal.timeout(10_000))
      : view.assignment;
    this.slotName = view.members.find(({ id }) => id === this.id)?.slot;
    const ours = this.#proxies.filter((proxy) => this.slotName !== undefined && this.ownerOf(proxy) === this.slotName);
    this.holds = Object.fromEntries(ours.map((proxy) => [proxy, seriesOf(proxy)]));
    return view;
  }

  ownerOf(proxy: string): string | undefined {
    return this.assignment.get(proxy);
  }
}

/** Proxies of very different weight, none of the weight that an unknown one is taken for. */
function seriesOf(proxy: string): number {
  return 50 + 37 * Number(proxy.replace(/^\D+/, ''));
}

/** Heartbeats in turn until everybody knows the newest assignment. */
export async function settle(gateways: readonly PlanningGateway[]): Promise<void> {
  for (const _ of [1, 2, 3]) for (const gateway of gateways) await gateway.beat();
  for (const { assignment } of gateways) expect(assignment).toEqual(gateways[0]!.assignment);
}
