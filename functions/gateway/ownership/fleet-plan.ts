import type { Assignment, Member, Slot } from '@proxywatch/core/domain/ownership/membership';
import { plan } from '@proxywatch/core/domain/ownership/plan';
import { smoothWeight } from '@proxywatch/core/domain/ownership/weight';
import type { Log } from '@proxywatch/core/ports/log';
import type { FleetView, MembershipStore } from '@proxywatch/core/ports/membership-store';
import type { GatewayMetrics } from '../gateway-metrics.ts';

/** Weight of a proxy that nobody has collected from yet: as many series as are named by default. */
const UNKNOWN_WEIGHT = 100;

/** What the member with the planning lease does: it says who should own which proxy, as a hint to all. */
export class FleetPlanner {
  readonly #membership: MembershipStore;
  readonly #metrics: GatewayMetrics;
  readonly #log: Log;
  readonly #weights = new Map<string, number>();

  constructor(membership: MembershipStore, metrics: GatewayMetrics, log: Log) {
    this.#membership = membership;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Publishes a new assignment if one is due; answers the one that holds now. */
  async plan(memberId: string, view: FleetView, proxyIds: Iterable<string>, signal: AbortSignal): Promise<Assignment> {
    const { assignment, moves } = plan({
      previous: previousOf(view),
      slots: slotsOf(view),
      weights: this.#weigh(view.members, proxyIds),
      pins: view.pins,
    });
    const isSame = moves.length === 0 && assignment.size === view.assignment.size;
    if (isSame || !(await this.#membership.publish(memberId, assignment, view.assignmentVersion, signal))) {
      return view.assignment;
    }
    for (const { reason } of moves) this.#metrics.moves.inc({ reason });
    this.#log.info('assignment published', { proxies: assignment.size, moves: moves.length });
    return assignment;
  }

  #weigh(members: readonly Member[], proxyIds: Iterable<string>): ReadonlyMap<string, number> {
    const observed = new Map(members.flatMap(({ holds }) => Object.entries(holds)));
    const wanted = new Set(proxyIds);
    for (const id of wanted) {
      const series = observed.get(id);
      if (series !== undefined) this.#weights.set(id, smoothWeight(this.#weights.get(id), series));
    }
    for (const id of this.#weights.keys()) if (!wanted.has(id)) this.#weights.delete(id);
    return new Map([...wanted].map((id) => [id, this.#weights.get(id) ?? UNKNOWN_WEIGHT]));
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
  // Only a member that said good-bye has a successor on its way: what one that fell silent had is given to others.
  const waiting = waitingSlots
    .filter(({ kind }) => kind === 'left')
    .map(({ name }): Slot => ({ name, memberId: undefined, isDrained: drainedSlots.has(name), isScraped: false }));
  return [...held, ...waiting];
}
