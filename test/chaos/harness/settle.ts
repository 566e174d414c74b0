import { PROBE_MS } from './settings.ts';
import { eventually } from './wait.ts';
import type { World } from './world.ts';

export interface SettleOptions {
  /** When the fault began. @default now */
  readonly sinceMs?: number;
  /** Id of a gateway that lost its proxies. */
  readonly without?: string;
}

const ROUND_MS = 200;
/** Longer than this nobody waits for what is late already. */
const GIVE_UP_MS = 20_000;

/**
 * Waits until every registered proxy is served by exactly one gateway, and not by the one that must not; more than
 * `withinMs` is a violation.
 */
export async function settle(world: World, what: string, withinMs: number, options: SettleOptions = {}): Promise<void> {
  const { sinceMs = performance.now(), without } = options;
  let odd: readonly string[] = [];
  let settledMs: number | undefined;
  // Rounds overlap: a gateway that answers late, or not at all, must not make the others look late.
  const round = async () => {
    const startedMs = performance.now();
    const servers = await Promise.all(world.registered.map((id) => world.prober.servers(id, PROBE_MS)));
    const others = world.registered.filter(
      (_, index) => servers[index]?.length !== 1 || servers[index]?.[0] === without,
    );
    if (others.length === 0) settledMs = Math.min(startedMs, settledMs ?? startedMs);
    else odd = others;
  };
  const rounds: Promise<void>[] = [];
  const ask = () => {
    rounds.push(round());
    return settledMs;
  };
  const endedMs = await eventually(ask, {
    withinMs: withinMs + GIVE_UP_MS,
    pauseMs: ROUND_MS,
    problem: () => `after ${what} ${odd.join(' ')} had no owner`,
  });
  await Promise.all(rounds);
  const tookMs = Math.round(Math.min(endedMs, settledMs ?? endedMs) - sinceMs);
  world.timeline.note(`every proxy is served ${tookMs} ms after ${what}`);
  if (tookMs <= withinMs || world.isPatient) return;
  world.timeline.violate('late', `${tookMs} ms until all were served after ${what}, not ${withinMs}`);
}

/** Waits until every running gateway serves a proxy: those that join get their share. */
export async function shared(world: World, withinMs: number): Promise<void> {
  const idle = async () => {
    const owners = await Promise.all(world.registered.map((id) => world.ownerOf(id)));
    return world.fleet.running.filter((gateway) => !owners.includes(gateway)).map(({ id }) => id);
  };
  await eventually(async () => ((await idle()).length === 0 ? true : undefined), {
    withinMs,
    problem: () => 'some gateways got no proxy',
  });
  world.timeline.note(`${world.fleet.running.length} gateways share the proxies`);
}
