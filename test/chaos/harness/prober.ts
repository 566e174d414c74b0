import { parseSqlAnswer } from '../oracle/sql-answer.ts';
import type { Witness } from '../oracle/witness.ts';

const INTERVAL_MS = 250;
/** Proxies asked for at once between checks. */
const PROXIES_PER_ROUND = 3;
/** Longer than any pause of a gateway. */
const LONG_MS = 30_000;

interface Gateway {
  readonly id: string;
  readonly url: string;
}

export interface ProberOptions {
  /** Gateways that have a process, paused ones included: what they answer when they wake counts too. */
  readonly gateways: () => readonly Gateway[];
  /** Those that can answer now. */
  readonly running: () => readonly Gateway[];
  /** Ids of the proxies that are registered. */
  readonly proxies: () => readonly string[];
  readonly witness: Witness;
  readonly violate: (kind: string, what: string) => void;
}

/** Asks all gateways for the same proxy at the same moment, without following redirects: at most one may serve it. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #turn = 0;
  rounds = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  /** Ids of the gateways that serve a proxy's SQL statistics to scrapes that start now, among those that can answer. */
  servers(proxyId: string, withinMs: number): Promise<readonly string[]> {
    return this.#track(this.#ask(proxyId, this.#options.running(), withinMs));
  }

  #track<T>(round: Promise<T>): Promise<T> {
    this.#underWay.add(round);
    return round.finally(() => this.#underWay.delete(round));
  }

  #tick(): void {
    const proxies = this.#options.proxies();
    for (let i = 0; i < Math.min(PROXIES_PER_ROUND, proxies.length); i++) {
      const proxyId = proxies[this.#turn++ % proxies.length];
      if (proxyId !== undefined) void this.#track(this.#ask(proxyId, this.#options.gateways(), LONG_MS));
    }
  }

  async #ask(proxyId: string, gateways: readonly Gateway[], withinMs: number): Promise<readonly string[]> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(withinMs)]);
    const answers = await Promise.all(gateways.map((gateway) => this.#serves(proxyId, gateway, signal)));
    this.rounds++;
    const servers = gateways.filter((_, index) => answers[index]).map(({ id }) => id);
    if (servers.length > 1) {
      this.#options.violate(
        `two owners of ${proxyId}`,
        `${servers.join(' and ')} serve it to scrapes that start together`,
      );
    }
    return servers;
  }

  async #serves(proxyId: string, { id, url }: Gateway, signal: AbortSignal): Promise<boolean> {
    const { witness } = this.#options;
    const question = witness.ask(proxyId, id);
    let answer: ReturnType<typeof parseSqlAnswer>;
    try {
      const response = await fetch(`${url}/metrics?proxy=${proxyId}`, {
        redirect: 'manual',
        headers: { 'Accept-Encoding': 'identity', 'X-Prometheus-Scrape-Timeout-Seconds': '2' },
        signal,
      });
      const text = await response.text();
      answer = response.status === 200 ? parseSqlAnswer(text) : undefined;
    } catch {
      answer = undefined;
    }
    witness.hear(question, answer);
    return answer !== undefined;
  }
}
