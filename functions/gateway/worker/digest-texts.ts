import { digestOf } from '@proxywatch/core/domain/digests/digest-key';
import type { DigestRow } from '@proxywatch/core/domain/digests/digest-read';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type { Clock } from '../../collection/clock.ts';

/** Asking makes the proxy rebuild its digest table, as a read does. */
const ASK_INTERVAL_MS = 60_000;

/** Texts of the named digests: most come with reads, as newborns; those of digests that were named later are asked for. */
export class DigestTexts {
  readonly #clock: Clock;
  #known = new Map<string, string>();
  /** Digests that the proxy has no text of any more. */
  readonly #gone = new Set<string>();
  #askAtMs = Number.NEGATIVE_INFINITY;
  #isComplete = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By digest; empty where it has been shown. */
  get known(): ReadonlyMap<string, string> {
    return this.#known;
  }

  /** Whether every named digest that has a text has it here; until the names change, there is nothing to do then. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The exposition has them now: a second copy would be a good part of what a series costs. */
  markShown(): void {
    for (const digest of this.#known.keys()) this.#known.set(digest, '');
  }

  /** Takes over the texts that a read brought, forgets those of digests that are not named, and asks for what is missing. */
  async complete(
    session: ProxySession,
    namedSeries: ReadonlySet<string>,
    rows: readonly DigestRow[],
    signal: AbortSignal,
  ): Promise<void> {
    const named = new Set([...namedSeries].map(digestOf));
    for (const { key, text } of rows) {
      if (text === undefined || !named.has(digestOf(key))) continue;
      if (!this.#known.has(digestOf(key))) this.#known.set(digestOf(key), text);
      this.#gone.delete(digestOf(key));
    }
    for (const digest of this.#known.keys()) if (!named.has(digest)) this.#known.delete(digest);
    for (const digest of this.#gone) if (!named.has(digest)) this.#gone.delete(digest);
    const missing = [...named].filter((digest) => !this.#known.has(digest) && !this.#gone.has(digest));
    this.#isComplete = missing.length === 0;
    if (this.#isComplete || this.#clock.nowMs() < this.#askAtMs) return;
    this.#askAtMs = this.#clock.nowMs() + ASK_INTERVAL_MS;
    const texts = await session.fetchDigestTexts(missing, signal);
    for (const digest of missing) {
      const text = texts.get(digest);
      if (text === undefined) this.#gone.add(digest);
      else this.#known.set(digest, text);
    }
    this.#isComplete = true;
  }
}
