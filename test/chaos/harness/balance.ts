import type { Ledger } from '../oracle/ledger.ts';
import { eventually } from './wait.ts';
import type { World } from './world.ts';

const SCRAPED_WITHIN_MS = 15_000;

/** Traffic rests until everything that ran was scraped; then what is stored must be what ran. */
export async function balance(world: World, when: string): Promise<void> {
  world.traffic.pause();
  const pausedMs = performance.now();
  await compare(world, when, pausedMs, async () => world.ledger);
  const onFall = (what: string) => world.timeline.violate('fell in Prometheus', what);
  const prometheus = world.prometheus;
  if (prometheus) await compare(world, `in Prometheus ${when}`, pausedMs, () => prometheus.read(onFall));
  world.traffic.resume();
}

async function compare(world: World, when: string, pausedMs: number, read: () => Promise<Ledger>): Promise<void> {
  const ids = world.registered;
  let late: readonly string[] = [];
  const ask = async () => {
    const ledger = await read();
    late = ids.filter((id) => ledger.stored(id).scrapesMs.filter((startedMs) => startedMs > pausedMs).length < 2);
    return late.length === 0 ? ledger : undefined;
  };
  const ledger = await eventually(ask, {
    withinMs: SCRAPED_WITHIN_MS,
    pauseMs: 200,
    problem: () => `${late.join(' ')} are not scraped ${when}`,
  });
  const right = ids.filter((id) => {
    const { totals, series } = ledger.stored(id);
    // Series that left were seen by whoever scraped last: by the probes, if not by Prometheus.
    const stored = { totals, series: world.isRenamed ? world.witness.series(id) : series };
    return world.accounts.compare(id, world.proxy(id).truth, stored);
  });
  world.timeline.note(`${right.length} of ${ids.length} proxies are exact ${when}`);
}
