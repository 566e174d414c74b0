import type { Processlist } from '../../domain/processlist.ts';
import type { ProxyState } from '../../domain/proxy-state.ts';
import type { ProxyCapabilities } from '../../ports/proxy-driver.ts';
import type { Query } from './cells.ts';

/** What connections to a proxy have found out about it. */
export interface Acquaintance {
  capabilities: ProxyCapabilities;
  readonly readProcesslist: (query: Query) => Promise<Processlist>;
  readonly readState: (query: Query) => Promise<ProxyState>;
}

/** Proxies that are remembered at once; those that were met first are forgotten first. */
const MAX_KNOWN = 10_000;

/** Acquaintances by name, each for a while. */
export class Acquaintances {
  readonly #maxAgeMs: number;
  readonly #known = new Map<string, { readonly acquaintance: Acquaintance; readonly untilMs: number }>();

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  recall(name: string): Acquaintance | undefined {
    const known = this.#known.get(name);
    return known && performance.now() < known.untilMs ? known.acquaintance : undefined;
  }

  /** Does not make one that is remembered already any younger. */
  keep(name: string, acquaintance: Acquaintance): void {
    if (this.#maxAgeMs === 0 || this.recall(name) === acquaintance) return;
    this.#known.delete(name);
    this.#known.set(name, { acquaintance, untilMs: performance.now() + this.#maxAgeMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  drop(name: string): void {
    this.#known.delete(name);
  }
}
