import type { Assignment, Slot } from '@proxywatch/core/domain/ownership/membership';
import { plan } from '@proxywatch/core/domain/ownership/plan';
import { smoothWeight } from '@proxywatch/core/domain/ownership/weight';
import type { Log } from '@proxywatch/core/ports/log';
import type { FleetView, MembershipStore } from '@proxywatch/core/ports/membership-store';
import type { GatewayMetrics } from '../gateway-metrics.ts';

/** Weight of a proxy that nobody has collected from yet: as many series as are named by default. */
const UNKNOWN_WEIGHT = 100;

/**
 * What the member with the planning lease does: it says who should own which proxy, as a hint to all. The others watch, so
 * that whoever plans next weighs proxies as his predecessor did.
 */
export class FleetPlanner {
  readonly #membership: MembershipStore;
  readonly #metrics: GatewayMetrics;
  readonly #log: Log;
  #weights: ReadonlyMap<string, number> = new Map();

  constructor(membership: MembershipStore, metrics: GatewayMetrics, log: Log) {
    this.#membership = membership;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Series of a proxy, as far as is known. */
  weightOf(proxyId: string): number {
    return this.#weights.get(proxyId) ?? UNKNOWN_WEIGHT;
  }

  /** Takes note of what the members hold. */
  watch({ members }: FleetView, proxyIds: Iterable<string>): void {
    const observed = new Map(members.flatMap(({ holds }) => Object.entries(holds)));
    const weights = [...proxyIds].flatMap((id): [string, number][] => {
      const [known, series] = [this.#weights.get(id), observed.get(id)];
      const weight = series === undefined ? known : smoothWeight(known, series);
      return weight === undefined ? [] : [[id, weight]];
    });
    this.#weights = new Map(weights);
  }

  /** Publishes a new assignment of these proxies if one is due; answers the one that holds now. */
  async plan(memberId: string, view: FleetView, proxyIds: Iterable<string>, signal: AbortSignal): Promise<Assignment> {
    const slots = slotsOf(view);
    const { assignment, moves } = plan({
      previous: previousOf(view),
      slots,
      weights: new Map([...proxyIds].map((id) => [id, this.weightOf(id)])),
      pins: view.pins,
      isInTransition: isInTransition(view, slots),
    });
    const isSame = moves.length === 0 && assignment.size === view.assignment.size;
    if (isSame || !(await this.#membership.publish(memberId, assignment, view.assignmentVersion, signal))) {
      return view.assignment;
    }
    for (const { reason } of moves) this.#metrics.moves.inc({ reason });
    this.#log.info('assignment published', { proxies: assignment.size, moves: moves.length });
    return assignment;
  }
}

/** A Redis that came back empty knows no assignment: who holds what is then told by the members. */
function previousOf({ assignment, members }: FleetView): Assignment {
  if (assignment.size > 0) return assignment;
  return new Map(
    members.flatMap(({ slot, holds }) =>
      slot === undefined ? [] : Object.keys(holds).map((id): [string, string] => [id, slot]),
    ),
  );
}

function slotsOf({ members, waitingSlots, drainedSlots }: FleetView): readonly Slot[] {
  const held = members.flatMap(({ id, slot, isScraped, isDraining }): Slot[] =>
    slot === undefined
      ? []
      : [{ name: slot, memberId: id, isDrained: isDraining || drainedSlots.has(slot), isScraped }],
  );
  // A member that said good-bye has a successor on its way, and one that stands by takes any slot with its next heartbeat.
  // Without either, what a member had that fell silent is given to others.
  let standbys = members.filter(({ slot, isDraining }) => slot === undefined && !isDraining).length;
  const waiting = waitingSlots
    .filter(({ kind }) => kind === 'left' || standbys-- > 0)
    .map(({ name }): Slot => ({ name, memberId: undefined, isDrained: drainedSlots.has(name), isScraped: false }));
  return [...held, ...waiting];
}

/** While members of one release follow those of another, or a slot waits, what looks like imbalance is about to pass. */
function isInTransition({ members }: FleetView, slots: readonly Slot[]): boolean {
  const releases = new Set(members.flatMap(({ release }) => release ?? []));
  return releases.size > 1 || slots.some(({ memberId, isDrained }) => memberId === undefined && !isDrained);
}
