import { z } from 'zod';
import type { Ledger } from '../oracle/ledger.ts';
import { parseSqlAnswer } from '../oracle/sql-answer.ts';
import type { Witness } from '../oracle/witness.ts';

const INTERVAL_MS = 1_000;
const groups = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }));

interface Target {
  readonly address: string;
  readonly proxyId: string;
}

export interface ScraperOptions {
  /** `/sd` of every gateway, those that are down included. */
  readonly discoveryUrls: () => readonly string[];
  readonly ledger: Ledger;
  readonly witness: Witness;
}

/**
 * Scrapes as Prometheus does with infra/prometheus/prometheus.yml: each discovery URL gives targets of its own, which stay
 * when it fails; a target found twice is scraped once; redirects are followed; an answer counts from when it was asked for.
 */
export class Scraper {
  readonly #options: ScraperOptions;
  readonly #found = new Map<string, readonly Target[]>();
  readonly #loops = new Map<string, NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #discovery: NodeJS.Timeout;
  failures = 0;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#discovery = setInterval(() => this.#discover(), INTERVAL_MS);
    this.#discover();
  }

  async stop(): Promise<void> {
    clearInterval(this.#discovery);
    for (const loop of this.#loops.values()) clearInterval(loop);
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  #discover(): void {
    const urls = this.#options.discoveryUrls();
    for (const url of this.#found.keys()) if (!urls.includes(url)) this.#found.delete(url);
    this.#track(Promise.all(urls.map((url) => this.#ask(url))).then(() => this.#follow()));
  }

  async #ask(url: string): Promise<void> {
    try {
      const response = await fetch(url, { signal: this.#limit() });
      if (!response.ok) return void (await response.arrayBuffer());
      const targets = groups
        .parse(await response.json())
        .flatMap(({ targets: addresses, labels }) =>
          addresses.map((address) => ({ address, proxyId: labels.__param_proxy ?? '' })),
        );
      this.#found.set(url, targets);
    } catch {
      // Its targets stay as they were.
    }
  }

  #follow(): void {
    if (this.#stopping.signal.aborted) return;
    const targets = [...this.#found.values()].flat();
    const wanted = new Map(targets.map((target) => [`${target.address} ${target.proxyId}`, target]));
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue;
      clearInterval(loop);
      this.#loops.delete(key);
    }
    for (const [key, target] of wanted) {
      if (this.#loops.has(key)) continue;
      this.#track(this.#scrape(target));
      this.#loops.set(
        key,
        setInterval(() => this.#track(this.#scrape(target)), INTERVAL_MS),
      );
    }
  }

  async #scrape({ address, proxyId }: Target): Promise<void> {
    const { ledger, witness } = this.#options;
    const question = witness.ask(proxyId, address);
    let answer: ReturnType<typeof parseSqlAnswer>;
    try {
      const response = await fetch(`http://${address}/metrics?proxy=${proxyId}`, {
        headers: { 'X-Prometheus-Scrape-Timeout-Seconds': String(INTERVAL_MS / 1000) },
        signal: this.#limit(),
      });
      const text = await response.text();
      answer = response.ok ? parseSqlAnswer(text) : undefined;
    } catch {
      answer = undefined;
    }
    if (answer) ledger.store(proxyId, question.askedMs, answer);
    else this.failures++;
    witness.hear(question, answer);
  }

  #limit(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(INTERVAL_MS)]);
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}
